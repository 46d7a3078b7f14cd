"""Reads VOC's lists of the photos that belong to train, val and test."""

import re
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.text_files import read_lines
from pipeline.schemas import SPLITS

# VOC's class lists write a flag in two columns after the name: `name -1`, `name  0`, `name  1`.
# With a single space before it a 1 belongs to the name, as in `IMG 1`.
_FLAG = re.compile(r"( -1|  [01])$")


def read_split_lists(folder: Path) -> dict[str, str]:
    """Return the split of each name in VOC's lists `{train,val,test,trainval}.txt`.

    A line is a name, which may hold spaces; the flag that class lists carry after it is dropped.
    `trainval` alone means train.

    Args:
        folder: such as `ImageSets/Main`; absent means no lists.

    Raises:
        InputError: a name that two splits claim.
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
