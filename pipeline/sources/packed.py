"""Sets whose photos lie in tar files, as WebDataset and many downloads have them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError
from pipeline.photo_files import is_hidden, is_photo, visible_files
from pipeline.sources.archives import unpack

_PACKED = frozenset(".gz .tgz .bz2 .tbz2 .xz .txz .zst .tzst .zip .7z .rar".split())


def archives_in(place: Path) -> list[Path]:
    """Return the tar files of a set, sorted; none where there is no folder.

    They are those that lie directly in it and, where no photo lies unpacked, those below, too:
    beside photos, an archive further down is a copy or another set.

    Raises:
        InputError: the place is an archive itself, or an archive of another kind lies beside
            them, or alone where no photo does, whose part of the set would be missing.
    """
    if place.is_file() and place.suffix.lower() in (".tar", *_PACKED):
        raise InputError(f"{place}: is an archive; set fetch.path to its folder, {place.parent}")
    is_unpacked = any(map(is_photo, visible_files(place)))
    files = sorted(place.iterdir()) if is_unpacked else list(visible_files(place))
    files = [file for file in files if not is_hidden(file.name) and file.is_file()]
    archives = [file for file in files if file.suffix.lower() == ".tar"]
    packed = [file for file in files if file.suffix.lower() in _PACKED]
    if packed and (archives or not is_unpacked):
        there = f"lies beside {archives[0].name}" if archives else "lies where no photo does"
        raise InputError(
            f"{packed[0]}: {there}, but only *.tar are opened; "
            "unpack it, pack it again as .tar, or put it elsewhere"
        )
    return archives


@contextmanager
def laid_open(place: Path, archives: list[Path], folder: Path) -> Iterator[Path]:
    """Yield a copy of a folder in which its archives are unpacked, for the length of the block.

    Errors that leave the block name the place.

    Args:
        place: the folder of the set, with the archives and with labels that lie beside them.
        archives: what `archives_in` found there.
        folder: where to unpack, on the disk that the photos are to be on.

    Raises:
        InputError: an archive is not whole or not safe, or a file is in two of them.
    """
    try:
        for archive in archives:
            unpack(archive, folder / archive.parent.relative_to(place), replace=False)
        for file in visible_files(place):
            target = folder / file.relative_to(place)
            if file in archives or not file.is_file():
                continue
            if target.exists():
                raise InputError(f"{file}: is in an archive beside it, too; keep one of them")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        yield folder
    except InputError as error:
        raise error.reworded(lambda words: words.replace(str(folder), str(place))) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
