"""Where the project keeps its files, and how it replaces them: write a new one, then rename."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pipeline.errors import InputError

PARAMS = Path("params.yaml")
LOCK = Path("dvc.lock")
PROFILES = Path("profiles")
SOURCE = Path("data/source")
TABLES = Path("data/tables")
FINDINGS = TABLES / "checks.json"
PIXELS = Path("data/pixels/photos.npy")
MODELS = Path("models")
TRAINING = Path("training")
AUGMENTED = Path("augmented")
PREDICTIONS = Path("predictions")
EVALUATION = Path("evaluation")
METRICS = Path("metrics")
FIGURES = Path("figures")
REPORT = Path("report")
PLOTS = Path("plots")
EXPORTS = Path("exports")
EVALUATED = Path("evaluated")
LABEL_SCORES = "label_scores.json"  # of a rung, in its folder of EVALUATION or beside its model
_NO_ROOM = 1 << 20  # bytes; too few for any model or checkpoint


@contextmanager
def fresh_folder(final: Path) -> Iterator[Path]:
    """Yield an empty folder next to `final` that replaces it when the block succeeds.

    If the block fails, `final` stays as it was and nothing is left next to it.

    Raises:
        InputError: the disk is full.
    """
    partial = _beside(final, "partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with _naming_a_full_disk(final):
            partial.mkdir(parents=True)
            yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _take_place(partial, final)


@contextmanager
def resumed_folder(final: Path) -> Iterator[Path]:
    """Like `fresh_folder`, but the folder still has what an earlier, failed block left in it.

    If the block fails, `final` stays as it was, and the folder next to it is kept for the next try.

    Raises:
        InputError: the disk is full.
    """
    partial = _beside(final, "partial")
    try:
        with _naming_a_full_disk(final):
            partial.mkdir(parents=True, exist_ok=True)
            yield partial
    except BaseException:
        if not any(partial.iterdir()):
            partial.rmdir()
        raise
    _take_place(partial, final)


def _beside(final: Path, state: str) -> Path:
    # Hidden, as the user may have a `set.old` of their own.
    return final.with_name(f".{final.name}.{state}")


def _take_place(partial: Path, final: Path) -> None:
    old = _beside(final, "old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    partial.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def write_beside(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` create a file next to `path` that replaces it when complete.

    Raises:
        InputError: the disk is full.
    """
    # The suffix stays: image writers choose the format by it.
    beside = path.with_name(f"{path.stem}.partial{path.suffix}")
    try:
        with _naming_a_full_disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(beside)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def md5_of(path: Path) -> str:
    """Return the MD5 of a file in hexadecimal, by which DVC knows it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()


@contextmanager
def _naming_a_full_disk(path: Path) -> Iterator[None]:
    """Turn whatever libraries raise on a full disk into one line that names the file."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if not _is_full(path, error):
            raise
        raise InputError(
            f"{path}: the disk is full; free some space, and the same command continues from "
            "what is complete"
        ) from error


def _is_full(path: Path, error: Exception) -> bool:
    """Go by the error's code or, as torch and safetensors give none, by the free space left."""
    if isinstance(error, OSError) and error.errno:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    return shutil.disk_usage(folder).free < _NO_ROOM
