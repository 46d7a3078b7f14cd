"""Damaged files are moved aside, not deleted: somebody may still read what is in them."""

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

DAMAGED = Path(".ladder/damaged")


def set_aside(path: Path) -> Path:
    """Move a file or folder into a new folder of `.ladder/damaged`, and return where it is now.

    Args:
        path: relative to the project's root, which keeps its form below the new folder.
    """
    DAMAGED.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix=f"{datetime.now():%Y%m%d-%H%M%S}-", dir=DAMAGED)
    relative = path.relative_to(path.anchor)
    target = Path(folder) / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.move(path, target))
