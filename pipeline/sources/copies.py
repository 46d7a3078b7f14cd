"""Copies the files of a labelled set unchanged and in the same folders."""

import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.label_format import LabelledSet
from pipeline.photo_files import photos_below
from pipeline.progress import progress

# The system calls of small files release the GIL.
_THREADS = 8


def copy_set(found: LabelledSet, out: Path, *, passing: bool = False) -> None:
    """Copy labels, lists of splits and photos of a set into the folder `out`.

    They are copied because DVC makes its outputs read-only.

    Args:
        found: the set.
        out: where to.
        passing: the set is on the same disk and is deleted afterwards, so hard links suffice.

    Raises:
        InputError: there is no photo, or one is below a link to a folder.
    """
    photos = photos_below(found.photos)
    if not photos:
        where = found.format.photos_go(found.root) or "set fetch.path to the labelled photos"
        raise InputError(f"{found.photos}: holds no photo; {where}")
    files = list(dict.fromkeys([*found.files, *photos]))
    folders = {file.parent.relative_to(found.root) for file in files}
    _refuse_links(folders, found.root)
    for folder in folders:
        (out / folder).mkdir(parents=True, exist_ok=True)
    for _ in progress(
        _copy_all(files, found.root, out, passing), total=len(files), desc="copying", unit="files"
    ):
        pass


def _refuse_links(folders: Iterable[Path], root: Path) -> None:
    """Raise if a folder below `root` is a link: DVC does not notice what changes behind it."""
    for folder in sorted(folders):
        for part in (folder, *folder.parents):
            if part != Path() and (root / part).is_symlink():
                raise InputError(
                    f"{root / part}: is a link to a folder, which DVC does not watch; put the "
                    f"photos themselves there, e.g. with `cp -al {(root / part).resolve()} FOLDER`"
                )


def _copy_all(files: list[Path], root: Path, out: Path, passing: bool) -> Iterator[None]:
    def copy(file: Path) -> None:
        target = out / file.relative_to(root)
        if passing:
            target.unlink(missing_ok=True)  # two sets may share photos, each with its labels
            os.link(file.resolve(), target)  # if it is a link, link to its target
        else:
            shutil.copyfile(file, target)

    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            yield from pool.map(copy, files)
        finally:
            pool.shutdown(cancel_futures=True)
