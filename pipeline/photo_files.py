"""What a photo is among other files, told by its name, and its size, told by its header."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

from PIL import ExifTags, Image

from pipeline.errors import InputError

PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .bmp .gif .tif .tiff .webp .avif .jp2 .heic .heif".split()
)
_LEFTOVERS = "__MACOSX"  # what a Mac puts into archives, beside files that begin with a dot


def is_photo(file: Path) -> bool:
    """Return whether a file is a photo by its name: its ending, and that it is not hidden."""
    return file.suffix.lower() in PHOTO_SUFFIXES and not _is_hidden(file.name)


def photos_below(folder: Path) -> list[Path]:
    """Return the photos in a folder and in those below it, each once; see `files_below`."""
    return files_below(folder, PHOTO_SUFFIXES)


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Return the files with one of these endings in a folder and in those below it, sorted.

    Links to folders are followed, each folder once. Hidden files and folders are left out, among
    them what Macs and notebooks leave behind.

    Args:
        folder: where to begin; a folder that is absent has no files.
        suffixes: in small letters, each with its dot; files may have them in capitals.
    """
    return sorted(
        file for file in _walk(folder) if file.suffix.lower() in suffixes and file.is_file()
    )


def photo_size(photo: Path) -> tuple[int, int]:
    """Return width and height in pixels of a photo as a viewer shows it, without decoding it.

    Raises:
        InputError: the file is missing or no photo.
    """
    try:
        with Image.open(photo) as header:
            width, height = header.size
            return (height, width) if _lies_on_its_side(header) else (width, height)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{photo}: size cannot be read ({error}); replace the photo") from None


def _walk(folder: Path) -> Iterator[Path]:
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        yield from (Path(place, name) for name in names if not _is_hidden(name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == _LEFTOVERS


def _lies_on_its_side(header: Image.Image) -> bool:
    # EXIF alone, by which all decoders turn: `header.getexif` also goes by XMP, which torchvision
    # does not read, and would turn a TIFF, whose size PIL gives upright already.
    exif = Image.Exif()
    try:
        exif.load(header.info.get("exif", b""))
        return exif.get(ExifTags.Base.Orientation) in range(5, 9)
    except Exception:  # PIL raises a dozen types for damaged EXIF, which no decoder uses
        return False
