"""Photos in any form, as a user has them, become the squares that a network takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from pipeline.data.pixels import decode_photo, squash, to_rgb
from pipeline.errors import InputError
from pipeline.formats.pascal import PHOTO_SUFFIXES

Photo = Path | str | np.ndarray | Image.Image


@dataclass(frozen=True)
class Square:
    """A photo squashed to the square of a network's input.

    Attributes:
        pixels: `(S, S, 3)` uint8 RGB.
        size_wh: width and height of the photo as a viewer shows it, in pixels.
    """

    pixels: np.ndarray
    size_wh: tuple[int, int]


def read_square(photo: Photo, number: int, side: int) -> Square:
    """Return a photo squashed to `side` x `side` pixels, each axis scaled apart.

    Args:
        photo: a path, an `(height, width, 3)` uint8 RGB array or a PIL image of any mode. Files and
            PIL images are turned as their EXIF note says.
        number: of the photo among its fellows, to name one that has no path.
        side: S, in pixels.

    Raises:
        InputError: the photo is missing, does not decode, or is an array of another kind.
    """
    pixels = _pixels(photo, number)
    return Square(squash(pixels, side), (pixels.shape[2], pixels.shape[1]))


def find_photos(places: Sequence[Path]) -> list[Path]:
    """Return the photos that are named or lie in a named folder or below it; each place sorted.

    Args:
        places: files, which count as photos whatever their names end in, and folders.

    Raises:
        InputError: a place is not there, or a folder has no photo in it.
    """
    return list(dict.fromkeys(path for place in places for path in _photos_at(place)))


def _photos_at(place: Path) -> Iterable[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise InputError(f"{place}: no such file or folder; name photos or folders with photos")
    named = (path for path in place.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    found = sorted(path for path in named if path.is_file())
    if not found:
        kinds = ", ".join(sorted(PHOTO_SUFFIXES))
        raise InputError(f"{place}: no photo in it; it needs files that end in one of {kinds}")
    return found


def _pixels(photo: Photo, number: int) -> Tensor:
    """Return `(3, height, width)` uint8 RGB of a photo in any form."""
    if isinstance(photo, Path | str):
        return decode_photo(Path(photo))
    if isinstance(photo, Image.Image):
        try:
            photo = np.asarray(to_rgb(ImageOps.exif_transpose(photo)))
        except Exception as error:  # over damaged files PIL raises a dozen types
            name = getattr(photo, "filename", "") or f"photo {number}"
            raise InputError(f"{name}: does not decode ({error}); leave it out") from None
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        raise InputError(
            f"photo {number}: is an array of {photo.dtype} {photo.shape}; "
            "an array must be uint8 (height, width, 3) in RGB"
        )
    return torch.tensor(photo).permute(2, 0, 1)  # a copy: memory-mapped arrays are read-only
