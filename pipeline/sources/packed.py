"""Sets whose photos lie in tar files, as WebDataset and many downloads have them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError
from pipeline.photo_files import is_hidden, visible_files
from pipeline.sources.archives import unpack


def archives_in(place: Path) -> list[Path]:
    """Return the tar files that lie directly in a folder, sorted; none where there is no folder."""
    return sorted(
        file for file in place.glob("*.tar") if not is_hidden(file.name) and file.is_file()
    )


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
