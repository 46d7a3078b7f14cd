"""What a photo is among other files, told by its name, and its size, told by its header."""

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
# What Pillow may open: it knows many more, some of which run other programs on what is in a file.
KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000")
# Pillow reads HEIC with a library of codecs alone, which we do not bring: iPhones take such photos.
_HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))  # which are `mif1` as well
TO_JPEG = "convert it to JPEG, e.g. by `heif-convert`"
# A photo that is decoded takes up to 16 bytes a pixel, and one of a gigapixel a file of 20 kB.
MOST_PIXELS = 50_000_000
MOST_PIXELS_BY_LINES = 100_000_000  # of kinds whose decoders keep no copies: 10 bytes a pixel
_BY_LINES = ("JPEG", "MPO", "PNG", "GIF", "BMP", "TIFF")
_LEFTOVERS = "__MACOSX"  # what a Mac puts into archives, beside files that begin with a dot
# Pillow warns of half of what it refuses; here the limits above decide, with a line of our own.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def is_photo(file: Path) -> bool:
    """Return whether a file is a photo by its name: its ending, and that it is not hidden."""
    return file.suffix.lower() in PHOTO_SUFFIXES and not is_hidden(file.name)


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
    return [
        file for file in visible_files(folder) if file.suffix.lower() in suffixes and file.is_file()
    ]


@dataclass(frozen=True)
class PhotoHeader:
    """What the header of a photo says.

    Attributes:
        size: width and height in pixels as they are stored.
        orientation: EXIF's, 1..8, by which a viewer mirrors and turns what is stored; 1 is as it
            is, and from 5 on the sides are swapped.
    """

    size: tuple[int, int]
    orientation: int

    @property
    def seen_size(self) -> tuple[int, int]:
        """Width and height as a viewer shows the photo."""
        return self.size[::-1] if self.orientation >= 5 else self.size


def open_photo(file: Path | BinaryIO) -> Image.Image:
    """Return a photo that is not decoded yet; all that is opened with Pillow is opened here.

    Of a file with several frames this is the first.

    Raises:
        OSError: it is no photo of a known kind.
        ValueError: it has more pixels than are decoded.
        Exception: of a dozen types, its header is damaged.
    """
    # Header and limit go first: what is too large for Pillow itself is an error of ours, too.
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
    """Return whether a file that is no photo of a known kind is HEIC.

    Args:
        start: its first 64 bytes or more, with the brands in an ISO base media file (ISO/IEC
            23008-12, annex B).
        name: by whose ending it is told where the content is of no such file.
    """
    if start[4:8] != b"ftyp":
        return name.lower().endswith((".heic", ".heif"))
    end = min(int.from_bytes(start[:4], "big"), len(start))
    brands = {start[8:12], *(start[at : at + 4] for at in range(16, end, 4))}
    return bool(brands & _HEIC_BRANDS) and not brands & _AVIF_BRANDS


def identified(file: Path | BinaryIO) -> Image.Image:
    """Return an image of a known kind, whatever its size; only its header has been read.

    Raises:
        HeicError: it is HEIC.
        Exception: it is no image of a known kind; Pillow raises a dozen types.
    """
    try:
        image = Image.open(file, formats=KINDS)
        image.info.pop("xmp", None)  # PIL turns a TIFF by it where EXIF says nothing; see `upright`
        return image
    except Image.DecompressionBombError:
        raise
    except Exception:  # a decoder of AVIF raises its own
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
    """Return why a photo is not decoded."""
    return f"is {width} x {height} pixels, {most / 1e6:g} million at most; make it smaller"


def on_white(image: Image.Image) -> Image.Image:
    """Return an image as a white page shows it, in RGB; an opaque one itself.

    Colours that are hidden behind a transparency are whatever a program has left there, mostly
    black.
    """
    if not image.has_transparency_data:
        return image
    # Only these are pasted as they are: of a scan, each copy takes half a gigabyte.
    layer = image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    page = Image.new("RGB", image.size, "white")
    page.paste(layer, mask=layer)
    return page


def photo_header(photo: Path) -> PhotoHeader:
    """Return size and orientation of a photo, without decoding it.

    Raises:
        InputError: the file is missing or no photo.
    """
    try:
        with identified(photo) as header:
            size, orientation = header.size, exif_orientation(header)
            is_turned = isinstance(header, TiffImageFile) and orientation >= 5  # by PIL itself
            return PhotoHeader(size[::-1] if is_turned else size, orientation)
    except HeicError as error:
        raise InputError(f"{photo}: photo: {error}") from None
    except Exception as error:  # PIL raises a dozen types for damaged files
        raise InputError(f"{photo}: size cannot be read ({error}); replace the photo") from None


def photo_size(photo: Path) -> tuple[int, int]:
    """Return width and height in pixels of a photo as a viewer shows it, without decoding it.

    Raises:
        InputError: the file is missing or no photo.
    """
    return photo_header(photo).seen_size


def exif_orientation(image: Image.Image) -> int:
    """Return EXIF's orientation of an image not yet loaded, 1..8; 1 where there is none."""
    # EXIF alone, by which all decoders turn: `image.getexif` also goes by XMP, which torchvision
    # does not read.
    exif = Image.Exif()
    try:
        if isinstance(image, TiffImageFile):
            orientation = image.tag_v2.get(ExifTags.Base.Orientation)
        else:
            exif.load(image.info.get("exif", b""))
            orientation = exif.get(ExifTags.Base.Orientation)
        return next((number for number in range(1, 9) if number == orientation), 1)
    except Exception:  # PIL raises a dozen types for damaged EXIF, which no decoder uses
        return 1


def upright(image: Image.Image) -> Image.Image:
    """Return an image as a viewer shows it: mirrored and turned as its EXIF says."""
    # PIL goes by XMP where EXIF says nothing; no other decoder of ours turns such a photo.
    return image if exif_orientation(image) == 1 else ImageOps.exif_transpose(image)


def visible_files(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and in those below it that are not hidden, sorted.

    Names of one folder and of those above it are in memory at a time, so a million photos in many
    folders take no more.
    """
    return _visible_files(folder, set())


def _visible_files(folder: Path, seen: set[str]) -> Iterator[Path]:
    """Yield the visible files below a folder; `seen` are the folders that were entered."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        with os.scandir(folder) as entries:
            found = sorted((one.name, _is_folder(one)) for one in entries)
    except OSError:  # it is not there, or not ours to read
        return
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
    """Return whether a name is of a hidden file or folder, or of what a Mac leaves in archives."""
    return name.startswith(".") or name == _LEFTOVERS
