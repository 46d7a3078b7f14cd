"""Where the project keeps its files, and how they are replaced: written beside, then renamed."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
_NO_ROOM = 1 << 20  # bytes; what no model and no checkpoint fits in


@contextmanager
def fresh_folder(final: Path) -> Iterator[Path]:
    """Give an empty folder beside `final` that takes its place when the block ends well.

    When the block fails, `final` stays as it was and nothing is left beside it.

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
    """Give a folder as `fresh_folder` does, with all that an earlier block has left in it.

    When the block fails, `final` stays as it was, and so does what is whole beside it.

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
    # Hidden, as `set.old` may be the user's own where the folder is.
    return final.with_name(f".{final.name}.{state}")


def _take_place(partial: Path, final: Path) -> None:
    old = _beside(final, "old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    partial.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def write_beside(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path` that takes its place when it is complete.

    Raises:
        InputError: the disk is full.
    """
    # The ending stays, as writers of pictures go by it.
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


@contextmanager
def _naming_a_full_disk(path: Path) -> Iterator[None]:
    """Turn what libraries raise on a full disk into a line that names the file."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if not _is_full(path, error):
            raise
        raise InputError(
            f"{path}: the disk is full; free some space, and the same command goes on with what "
            "is whole"
        ) from error


def _is_full(path: Path, error: Exception) -> bool:
    """Tell by the error's code; where torch and safetensors give none, by the room that is left."""
    if isinstance(error, OSError) and error.errno:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    return shutil.disk_usage(folder).free < _NO_ROOM
