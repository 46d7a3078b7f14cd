"""Copies a labelled set, byte by byte and each file at its place; labels are not opened."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.label_format import LabelledSet
from pipeline.photo_files import photos_below
from pipeline.progress import progress

# The system calls of small files release the GIL.
_THREADS = 8


def copy_set(found: LabelledSet, out: Path) -> None:
    """Copy labels, lists of splits and photos of a set into the folder `out`.

    They are copies, never links, as DVC makes its outputs read-only.

    Raises:
        InputError: no photo, or a file that cannot be copied.
    """
    photos = photos_below(found.photos)
    if not photos:
        raise InputError(f"{found.photos}: holds no photo; set fetch.path to the labelled photos")
    files = list(dict.fromkeys([*found.files, *photos]))
    for folder in {file.parent.relative_to(found.root) for file in files}:
        (out / folder).mkdir(parents=True, exist_ok=True)
    for _ in progress(
        _copy_all(files, found.root, out), total=len(files), desc="copying", unit="files"
    ):
        pass


def _copy_all(files: list[Path], root: Path, out: Path) -> Iterator[None]:
    def copy(file: Path) -> None:
        shutil.copyfile(file, out / file.relative_to(root))

    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            yield from pool.map(copy, files)
        finally:
            pool.shutdown(cancel_futures=True)
