"""Reads VOC's lists of the photos that belong to train, val and test."""

import re
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.text_files import read_lines
from pipeline.schemas import SPLITS

# VOC's class lists have a flag, two columns wide, after the name: `name -1`, `name  0`, `name  1`.
# After a single space, a 1 belongs to the name, as in `IMG 1`.
_FLAG = re.compile(r"( -1|  [01])$")


def read_split_lists(folder: Path) -> dict[str, str]:
    """Return the split of each name in VOC's lists `{train,val,test,trainval}.txt`.

    A line is a name, which may contain spaces; the flag after it in class lists is dropped.
    `trainval` alone means train.

    Args:
        folder: such as `ImageSets/Main`; if it does not exist, there are no lists.

    Raises:
        InputError: a name is in the lists of two splits.
    """
    splits: dict[str, str] = {}
    for split in SPLITS:
        for name in _read_list(folder / f"{split}.txt"):
            if splits.setdefault(name, split) != split:
                raise InputError(
                    f"{folder / split}.txt: {name}: is in {splits[name]}.txt as well; keep it in "
                    "one list"
                )
    for name in _read_list(folder / "trainval.txt"):
        splits.setdefault(name, "train")
    return splits


def _read_list(file: Path) -> list[str]:
    return [_FLAG.sub("", line.strip()).strip() for line in read_lines(file) if line.strip()]
