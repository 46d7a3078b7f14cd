"""What people call the three splits."""

from pathlib import PurePath

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


def split_of_name(name: str) -> str | None:
    """Return the split of a folder, file stem or cell; None if it is no split's name.

    A year after it, as in `train2017`, says nothing.
    """
    return _SPLITS.get(name.strip().lower().rstrip("0123456789"))


def split_of_path(path: PurePath) -> str | None:
    """Return the split that a folder of a photo's path is named after; None if none is."""
    named = (split_of_name(part) for part in path.parts[:-1])
    return next((split for split in named if split), None)
