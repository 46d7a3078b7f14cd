"""Where the project keeps its files, and how they are replaced: written beside, then renamed."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PARAMS = Path("params.yaml")
PROFILES = Path("profiles")
SOURCE = Path("data/source")
TABLES = Path("data/tables")
FINDINGS = TABLES / "checks.json"
PIXELS = Path("data/pixels/photos.npy")
MODELS = Path("models")
TRAINING = Path("training")
PREDICTIONS = Path("predictions")
EVALUATION = Path("evaluation")
METRICS = Path("metrics")
FIGURES = Path("figures")
REPORT = Path("report")
PLOTS = Path("plots")
EXPORTS = Path("exports")


@contextmanager
def fresh_folder(final: Path) -> Iterator[Path]:
    """Give an empty folder beside `final` that takes its place when the block ends well.

    When the block fails, `final` stays as it was and nothing is left beside it.
    """
    partial, old = (final.with_name(f"{final.name}.{state}") for state in ("partial", "old"))
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        final.rename(old)
    partial.rename(final)
    shutil.rmtree(old, ignore_errors=True)


def write_beside(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file beside `path` that takes its place when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The ending stays, as writers of pictures go by it.
    beside = path.with_name(f"{path.stem}.partial{path.suffix}")
    try:
        write(beside)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal; 2 GB/s where the processor has units for it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
