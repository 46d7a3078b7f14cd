"""Reads VOC's lists of the photos that belong to train, val and test."""

import re
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.split_names import split_of_name
from pipeline.formats.text_files import read_lines

# The splits that a photo of each list may be in, first the one it is in if no other list says.
_SPLITS = {"train": ["train"], "val": ["val"], "test": ["test"], "trainval": ["train", "val"]}

# VOC's class lists have a flag, two columns wide, after the name: `name -1`, `name  0`, `name  1`.
# After a single space, a 1 belongs to the name, as in `IMG 1`.
_FLAG = re.compile(r"( -1|  [01])$")


def read_split_lists(folder: Path, meant: Callable[[str], str] = str) -> dict[str, str]:
    """Return the split of each name in VOC's lists `{train,val,test,trainval}.txt`.

    A line is a name, which may contain spaces; the flag after it in class lists is dropped.
    `trainval` alone means train. Names such as `Validation.txt` count, too; see `split_of_name`.

    Args:
        folder: such as `ImageSets/Main`; if it does not exist, there are no lists.
        meant: returns what a name means, by which it is returned.

    Raises:
        InputError: a name is in the lists of two splits.
    """
    listed: dict[str, tuple[str, Path]] = {}
    for kind, splits in _SPLITS.items():
        for file in sorted(folder.glob("*.txt")):
            if (split_of_name(file.stem) or file.stem.lower()) != kind:
                continue
            for name in _read_list(file):
                split, other = listed.setdefault(meant(name), (splits[0], file))
                if split not in splits:
                    raise InputError(
                        f"{file}: {name}: is in {other.name} as well; keep it in one list"
                    )
    return {name: split for name, (split, _) in listed.items()}


def _read_list(file: Path) -> list[str]:
    return [_FLAG.sub("", line.strip()).strip() for line in read_lines(file) if line.strip()]
