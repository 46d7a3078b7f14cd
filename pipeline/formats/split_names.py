"""Recognises the names that people give the three splits."""

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
    """Return the split that a folder, file stem or cell names; None if it names none.

    A year after it, as in `train2017`, is ignored.
    """
    return _SPLITS.get(name.strip().lower().rstrip("0123456789"))


def plain_split(name: str) -> str:
    """Return the split that a value in labels means, as `val` for `Validation`; else the value."""
    return split_of_name(name) or name


def split_of_path(path: PurePath) -> str | None:
    """Return the split that a folder of a photo's path is named after; None if none is."""
    named = (split_of_name(part) for part in path.parts[:-1])
    return next((split for split in named if split), None)


def split_in_name(name: str) -> str | None:
    """Return the split that a word of a name says, as in `instances_train2017.json`.

    Words are runs of letters: `trainval` and `latest` say none. Two different splits are none, too.
    """
    said = {_SPLITS[word] for word in _LETTERS.findall(name.lower()) if word in _SPLITS}
    return said.pop() if len(said) == 1 else None


def split_in_path(path: PurePath) -> str | None:
    """Return the split in the last part of a path that says one; None if none does."""
    found = map(split_in_name, reversed(path.parts))
    return next((split for split in found if split), None)


def told_apart(splits: Sequence[str | None]) -> list[str | None]:
    """Return the splits if there are at least two different ones, else None for each.

    If everything is called `train`, the set is not split yet, and the user may split off a part.
    """
    return list(splits) if len(set(splits) - {None}) > 1 else [None] * len(splits)
