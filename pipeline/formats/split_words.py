"""Which split the name of a file or folder says, such as `instances_val2017.json` or `valid/`."""

import re
from collections.abc import Sequence
from pathlib import PurePath

_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_LETTERS = re.compile(r"[a-z]+")


def split_of_name(name: str) -> str | None:
    """Return train, val or test if the name has one word that says so, else None.

    A word ends where its letters do: `train2017` says train, `trainval` and `latest` say nothing.
    """
    said = {_WORDS[word] for word in _LETTERS.findall(name.lower()) if word in _WORDS}
    return said.pop() if len(said) == 1 else None


def split_of_path(path: PurePath) -> str | None:
    """Return the split that the path's own name says, else that of its nearest folder."""
    names = reversed(path.parts)
    return next((split for split in map(split_of_name, names) if split), None)


def told_apart(splits: Sequence[str | None]) -> list[str | None]:
    """Return the splits if there are two or more of them, else None for each.

    A set all of which is called `train` is simply a set, of which the user may split off a part.
    """
    return list(splits) if len(set(splits) - {None}) > 1 else [None] * len(splits)
