"""Recognises photos by file name and reads their headers."""

import os
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from pipeline.errors import InputError

PHOTO_SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .bmp .gif .tif .tiff .webp .avif .jp2 .heic .heif".split()
)
# Formats that Pillow may open. It knows many more, some of which run other programs on a file.
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000")
# Photos of iPhones. Pillow reads HEIC only with a codec library that we do not depend on.
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))  # which also have `mif1`
TO_JPEG = "convert it to JPEG, e.g. by `heif-convert`"
# A decoded photo takes up to 16 bytes per pixel, and a gigapixel fits into a file of 20 kB.
MOST_PIXELS = 50_000_000
MOST_PIXELS_BY_LINES = 100_000_000  # formats decoded line by line: 10 bytes per pixel
_BY_LINES = ("JPEG", "MPO", "PNG", "GIF", "BMP", "TIFF")
_LEFTOVERS = "__MACOSX"  # what macOS adds to archives, next to files that begin with a dot
# Pillow warns from half its limit on; here the limits above decide, with our own message.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def is_photo(file: Path) -> bool:
    """Return whether a file is a photo by its name: it has a suffix of photos and is not hidden."""
    return file.suffix.lower() in PHOTO_SUFFIXES and not is_hidden(file.name)


def photos_below(folder: Path) -> list[Path]:
    """Return the photos in a folder and its subfolders, each once; see `files_below`."""
    return files_below(folder, PHOTO_SUFFIXES)


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Return the files with one of these suffixes in a folder and its subfolders, sorted.

    Links to folders are followed, but each folder is visited once. Hidden files and folders, such
    as those that macOS and notebooks leave behind, are skipped.

    Args:
        folder: where to begin; a folder that is absent has no files.
        suffixes: in lower case, with the dot; the case of file names does not matter.

    Raises:
        InputError: a folder cannot be read, or such a file is a link to nothing.
    """
    return [
        file for file in visible_files(folder) if file.suffix.lower() in suffixes and is_file(file)
    ]


def is_file(path: Path) -> bool:
    """Return whether there is a file, rather than a folder or nothing, at a path.

    Raises:
        InputError: it is a link to nothing; without its labels, a photo would be background.
    """
    if path.is_file():
        return True
    if path.is_symlink() and not path.exists():
        remedy = "restore that file, or remove the link"
        raise InputError(f"{path}: is a link to nothing ({os.readlink(path)}); {remedy}")
    return False


@dataclass(frozen=True)
class PhotoHeader:
    """What the header of a photo says.

    Attributes:
        size: width and height in pixels as stored.
        orientation: EXIF's, 1..8, which says how viewers mirror and rotate the photo; 1 is as
            stored, and from 5 on width and height are swapped.
    """

    size: tuple[int, int]
    orientation: int

    @property
    def seen_size(self) -> tuple[int, int]:
        """Width and height as viewers show the photo."""
        return self.size[::-1] if self.orientation >= 5 else self.size


def open_photo(file: Path | BinaryIO) -> Image.Image:
    """Return a photo that is not decoded yet; every photo that Pillow reads is opened here.

    Of a file with several frames it is the first.

    Raises:
        OSError: it is not a photo of a known format.
        ValueError: it has too many pixels.
        Exception: its header is damaged; Pillow raises a dozen types.
    """
    # A photo that is too large even for Pillow gets our own error, too.
    try:
        image = identified(file)
    except Image.DecompressionBombError as error:
        raise ValueError(str(error).partition(",")[0]) from None
    width, height = image.size
    most = MOST_PIXELS_BY_LINES if image.format in _BY_LINES else MOST_PIXELS
    if width * height > most:
        image.close()
        raise ValueError(too_large(width, height, most))
    return image


class HeicError(UnidentifiedImageError):
    """A photo is HEIC; the message names the remedy."""


def is_heic(start: bytes, name: str = "") -> bool:
    """Return whether a file that is not a photo of a known format is HEIC.

    Args:
        start: its first 64 bytes or more, with the brands in an ISO base media file (ISO/IEC
            23008-12, annex B).
        name: of the file; its suffix decides if the content is not such a file.
    """
    if start[4:8] != b"ftyp":
        return name.lower().endswith((".heic", ".heif"))
    end = min(int.from_bytes(start[:4], "big"), len(start))
    brands = {start[8:12], *(start[at : at + 4] for at in range(16, end, 4))}
    return bool(brands & _HEIC_BRANDS) and not brands & _AVIF_BRANDS


def identified(file: Path | BinaryIO) -> Image.Image:
    """Return an image of a known format, whatever its size; only its header has been read.

    Raises:
        HeicError: it is HEIC.
        Exception: it is not an image of a known format; Pillow raises a dozen types.
    """
    try:
        image = Image.open(file, formats=KINDS)
        image.info.pop("xmp", None)  # without EXIF, Pillow rotates a TIFF by it; see `upright`
        return image
    except Image.DecompressionBombError:
        raise
    except Exception:  # the AVIF decoder raises its own types
        if isinstance(file, Path):
            with file.open("rb") as opened:
                heic = is_heic(opened.read(64), file.name)
        else:
            file.seek(0)
            heic = is_heic(file.read(64))
        if heic:
            raise HeicError(f"HEIC, which is not read; {TO_JPEG}") from None
        raise


def too_large(width: int, height: int, most: int) -> str:
    """Return why a photo is too large to decode."""
    return f"is {width} x {height} pixels, {most / 1e6:g} million at most; make it smaller"


def on_white(image: Image.Image) -> Image.Image:
    """Return an image pasted on a white page, in RGB; an opaque one is returned as it is.

    The RGB values of transparent pixels are arbitrary, mostly black.
    """
    if not image.has_transparency_data:
        return image
    # Other modes need a copy, which takes half a gigabyte for a large scan.
    layer = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    page = Image.new("RGB", image.size, "white")
    page.paste(layer, mask=layer)
    return page


def photo_header(photo: Path) -> PhotoHeader:
    """Return the size and orientation of a photo without decoding it.

    Raises:
        InputError: the file is missing or not a photo.
    """
    try:
        with identified(photo) as header:
            size, orientation = header.size, exif_orientation(header)
            is_turned = isinstance(header, TiffImageFile) and orientation >= 5  # by Pillow itself
            return PhotoHeader(size[::-1] if is_turned else size, orientation)
    except HeicError as error:
        raise InputError(f"{photo}: photo: {error}") from None
    except Exception as error:  # Pillow raises a dozen types for damaged files
        raise InputError(f"{photo}: size cannot be read ({error}); replace the photo") from None


def photo_size(photo: Path) -> tuple[int, int]:
    """Return width and height in pixels of a photo as viewers show it, without decoding it.

    Raises:
        InputError: the file is missing or not a photo.
    """
    return photo_header(photo).seen_size


def exif_orientation(image: Image.Image) -> int:
    """Return EXIF's orientation of an image not yet loaded, 1..8; 1 where there is none."""
    # EXIF only, as in all our decoders: `image.getexif` also uses XMP, which torchvision does not
    # read.
    exif = Image.Exif()
    try:
        if isinstance(image, TiffImageFile):
            orientation = image.tag_v2.get(ExifTags.Base.Orientation)
        else:
            exif.load(image.info.get("exif", b""))
            orientation = exif.get(ExifTags.Base.Orientation)
        return next((number for number in range(1, 9) if number == orientation), 1)
    except Exception:  # Pillow raises a dozen types for damaged EXIF, which no decoder uses
        return 1


def upright(image: Image.Image) -> Image.Image:
    """Return an image as viewers show it: mirrored and rotated as its EXIF says."""
    # Pillow uses XMP if EXIF says nothing; no other decoder of ours rotates such a photo.
    return image if exif_orientation(image) == 1 else ImageOps.exif_transpose(image)


def visible_files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and its subfolders that are not hidden, sorted.

    Only the names in one folder and its parents are in memory at a time, which matters for a
    million photos in many folders. A folder that is absent has no files.

    Raises:
        InputError: a folder cannot be read.
    """
    return _visible_files(folder, set())


def _visible_files(folder: Path, seen: set[str]) -> Iterator[Path]:
    """Yield the visible files below a folder; `seen` holds the folders already visited."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        with os.scandir(folder) as entries:
            found = sorted((one.name, _is_folder(one)) for one in entries)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:  # to skip it would lose all labels in it
        remedy = "make it readable, e.g. with `chmod u+rx`, or move it elsewhere"
        raise InputError(f"{folder}: cannot be read ({error.strerror}); {remedy}") from None
    for name, is_folder in found:
        if is_hidden(name):
            continue
        if is_folder:
            yield from _visible_files(folder / name, seen)
        else:
            yield folder / name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is hidden by its name, or added to archives by macOS."""
    return name.startswith(".") or name == _LEFTOVERS
