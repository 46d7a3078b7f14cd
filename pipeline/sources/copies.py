"""Copies a labelled set, byte by byte and each file at its place; labels are not opened."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import PHOTO_SUFFIXES
from pipeline.formats.layout import find_set
from pipeline.progress import progress

_LISTS = Path("ImageSets/Main")


def copy_set(path: Path, out: Path) -> None:
    """Copy labels, lists of splits and photos of the set at `path` into the folder `out`.

    They are copies, never links, as DVC makes its outputs read-only.

    Raises:
        InputError: no labels or several, no photo, or a file that cannot be copied.
    """
    found = find_set(path)
    files = [*_label_files(found.labels), *_files_in(found.root / _LISTS, {".txt"})]
    photos = list(_photos(found.root, xml=found.labels.is_dir()))
    if not photos:
        raise InputError(f"{found.root}: holds no photo; set fetch.path to the labelled photos")
    files += photos
    for folder in {file.parent.relative_to(found.root) for file in files}:
        (out / folder).mkdir(parents=True, exist_ok=True)
    for file in progress(files, desc="copying", unit="files"):
        shutil.copyfile(file, out / file.relative_to(found.root))


def _label_files(labels: Path) -> list[Path]:
    return _files_in(labels, {".xml"}) if labels.is_dir() else [labels]


def _files_in(folder: Path, suffixes: set[str]) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in suffixes)


def _photos(root: Path, *, xml: bool) -> Iterator[Path]:
    """Yield the photos of a set: those in `JPEGImages` beside XML, else those anywhere below."""
    if xml:
        # Beside them official archives have masks, which are pictures too.
        yield from _files_in(root / "JPEGImages", PHOTO_SUFFIXES)
        return
    seen = set()
    for place, folders, names in os.walk(root, followlinks=True):
        if os.path.realpath(place) in seen:  # a link to a folder above
            folders.clear()
            continue
        seen.add(os.path.realpath(place))
        folders.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in PHOTO_SUFFIXES:
                yield Path(place, name)
