"""What people call the three splits."""

import re
from collections.abc import Sequence
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
_LETTERS = re.compile(r"[a-z]+")


def split_of_name(name: str) -> str | None:
    """Return the split of a folder, file stem or cell; None if it is no split's name.

    A year after it, as in `train2017`, says nothing.
    """
    return _SPLITS.get(name.strip().lower().rstrip("0123456789"))


def split_of_path(path: PurePath) -> str | None:
    """Return the split that a folder of a photo's path is named after; None if none is."""
    named = (split_of_name(part) for part in path.parts[:-1])
    return next((split for split in named if split), None)


def split_in_name(name: str) -> str | None:
    """Return the split if one word of a name says one, as in `instances_train2017.json`.

    A word ends where its letters do: `trainval` and `latest` say nothing.
    """
    said = {_SPLITS[word] for word in _LETTERS.findall(name.lower()) if word in _SPLITS}
    return said.pop() if len(said) == 1 else None


def split_in_path(path: PurePath) -> str | None:
    """Return the split in the path's own name, else that in the name of its nearest folder."""
    found = map(split_in_name, reversed(path.parts))
    return next((split for split in found if split), None)


def told_apart(splits: Sequence[str | None]) -> list[str | None]:
    """Return the splits if there are two or more of them, else None for each.

    A set all of which is called `train` is simply a set, of which the user may split off a part.
    """
    return list(splits) if len(set(splits) - {None}) > 1 else [None] * len(splits)
