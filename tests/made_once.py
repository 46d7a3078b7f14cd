"""What is made once for all tests of a run, whichever of its workers needs it first."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

_ALONE = tempfile.TemporaryDirectory(prefix="ladder-made-")  # where pytest is not at work
_places = {"folder": Path(_ALONE.name)}


def keep_in(folder: Path) -> None:
    """Keep what is made from here on in this folder, which all workers of a run are told."""
    _places["folder"] = folder


def made_once(name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that `make` has filled; not to be changed.

    Args:
        name: of it, the same for all that share it.
        make: is given the folder, empty; it has another name until it is complete.
    """
    folder = _places["folder"] / f"made-{name}"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)  # of one that failed
            part.mkdir()
            make(part)
            part.rename(folder)
    return folder
