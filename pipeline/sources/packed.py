"""Sets whose photos lie in tar files, as WebDataset and many downloads have them."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError
from pipeline.photo_files import is_hidden, visible_files
from pipeline.sources.archives import unpack

_PACKED = frozenset(".gz .tgz .bz2 .tbz2 .xz .txz .zst .tzst .zip .7z .rar".split())


def archives_in(place: Path) -> list[Path]:
    """Return the tar files that lie directly in a folder, sorted; none where there is no folder.

    Raises:
        InputError: an archive of another kind lies beside them, whose part of the set would
            be missing.
    """
    files = sorted(place.iterdir()) if place.is_dir() else []
    archives, packed = (_ending(files, endings) for endings in ({".tar"}, _PACKED))
    if archives and packed:
        raise InputError(
            f"{packed[0]}: lies beside {archives[0].name}, but is not opened as only *.tar are; "
            "unpack it, pack it again as .tar, or put it elsewhere"
        )
    return archives


def _ending(files: list[Path], endings: Collection[str]) -> list[Path]:
    """Return the visible files with one of these endings."""
    found = [file for file in files if file.suffix.lower() in endings]
    return [file for file in found if not is_hidden(file.name) and file.is_file()]


@contextmanager
def laid_open(place: Path, archives: list[Path], folder: Path) -> Iterator[Path]:
    """Give the folder as it were if its archives had been unpacked in it; it goes with the block.

    Errors that leave the block name the place.

    Args:
        place: of the archives, and of labels that lie beside them.
        archives: what `archives_in` found there.
        folder: where to unpack, on the disk that the photos are to be on.

    Raises:
        InputError: an archive is not whole or not safe, or a file is in two of them.
    """
    try:
        for archive in archives:
            unpack(archive, folder, replace=False)
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
