"""Reads a folder of labelled photos that no stage has fetched, with the stages' own readers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.formats.layout import AUTO
from pipeline.formats.read import read_labels
from pipeline.sources.packed import archives_in, laid_open
from pipeline.tables.join import as_truth
from pipeline.tables.photos import with_photos
from pipeline.tables.units import in_pixels

# Parameters in the messages of the readers, and the corresponding options here.
_OPTIONS = {
    r"fetch\.format": "--format",
    r"fetch\.labels": "--labels",
    r"fetch\.turn": "--turn",
    r", or give each labelled folder in fetch\.sources": "",
    r"set fetch\.path to": "name",
    r", or name each in fetch\.sources": "",
    r", as the set has the role truth; .*": ": all labels are taken as true, even a model's",
    r" with --photos \(fetch\.path\)": "",
}


@contextmanager
def opened(folder: Path, scratch: Path) -> Iterator[Path]:
    """Yield a folder of labelled photos; tar files in it are unpacked for the block.

    Args:
        folder: the user's, which is only read.
        scratch: where to unpack; absent before and after.

    Raises:
        InputError: it is not a folder, or an archive in it is damaged.
    """
    if folder.is_file():
        raise InputError(f"{folder}: is a file; name its folder, and the file with --labels")
    if archives := archives_in(folder):
        with laid_open(folder, archives, scratch) as place:
            yield place
    else:
        yield folder


def read_labelled(
    folder: Path, format_name: str = AUTO, labels: str = "", *, turn: str = "auto", split: str = ""
) -> Labels:
    """Return the labels of a folder, with photos, sizes and boxes in pixels, as the stages do.

    Args:
        folder: of one set.
        format_name: of its labels; `auto` recognises it.
        labels: the file that holds them, if there are several; empty for all.
        turn: see `with_turns`.
        split: of the photos to use, as named in the labels; empty for all photos.

    Raises:
        InputError: there are no labels, invalid labels, or no photo of the split.
    """
    try:
        found = read_labels(folder, format_name, labels)
        found = as_truth(in_pixels(with_photos(found, folder, turn)))
    except InputError as error:
        raise error.reworded(_in_options) from None
    notes = tuple(map(_in_options, found.notes))
    return _only(replace(found, notes=notes), split) if split else replace(found, notes=notes)


def _in_options(words: str) -> str:
    """Return a message with parameters replaced by the options of the command."""
    for parameter, option in _OPTIONS.items():
        words = re.sub(parameter, option, words)
    return words


def _only(labels: Labels, split: str) -> Labels:
    splits = labels.images["split"].to_pylist()
    keep = np.array([one == split for one in splits], bool)
    if not keep.any():
        there = ", ".join(sorted({one for one in splits if one})) or "none"
        raise InputError(f"{labels.file}: no photo of the split {split!r}; there are {there}")
    return labels.of_images(keep)
