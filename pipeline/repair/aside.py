"""Moves damaged files aside instead of deleting them, as their content may still be of use."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

DAMAGED = Path(".ladder/damaged")


def set_aside(path: Path) -> Path:
    """Move a file or folder into a new folder in `.ladder/damaged`, and return its new path.

    Args:
        path: relative to the project's root; it keeps its subfolders in the new folder.
    """
    DAMAGED.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=f"{datetime.now():%Y%m%d-%H%M%S}-", dir=DAMAGED)
    relative = path.relative_to(path.anchor)
    target = Path(folder) / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.move(path, target))
