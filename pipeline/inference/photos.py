"""Turns photos in any form into the squares that a network takes."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pipeline.data.decode import decode_photo, read_squashed, squash
from pipeline.data.rgb import to_rgb
from pipeline.errors import InputError
from pipeline.inference.s3_photos import S3Photo
from pipeline.photo_files import upright

Photo = Path | str | S3Photo | np.ndarray | Image.Image


@dataclass(frozen=True)
class Square:
    """A photo squashed to the square of a network's input.

    Attributes:
        photo: as it was given.
        pixels: `(S, S, 3)` uint8 RGB.
        size_wh: width and height of the photo as a viewer shows it, in pixels.
    """

    photo: Photo
    pixels: np.ndarray
    size_wh: tuple[int, int]


def read_square(photo: Photo, number: int, side: int) -> Square:
    """Return a photo squashed to `side` x `side` pixels; the aspect ratio is not kept.

    Args:
        photo: a path, a place in S3, an `(height, width, 3)` uint8 RGB array or a PIL image of any
            mode. Files and PIL images are turned by their EXIF orientation.
        number: position of the photo in its list, to name one that has no path.
        side: S, in pixels.

    Raises:
        InputError: the photo is missing, does not decode, or is an array of another kind.
        OSError: S3 does not respond.
    """
    _refuse_other_kinds(photo, number)
    if isinstance(photo, S3Photo):
        with photo.fetched() as copy:
            return replace(read_square(copy, number, side), photo=photo)
    if isinstance(photo, Path | str):
        square, size_wh = read_squashed(Path(photo), side)
        return Square(photo, square, size_wh)
    pixels = pixels_of(photo, number)
    return Square(photo, squash(pixels, side), (pixels.shape[2], pixels.shape[1]))


def _refuse_other_kinds(photo: object, number: int) -> None:
    if not isinstance(photo, Photo):
        kind = type(photo).__name__
        raise InputError(f"photo {number}: is a {kind}; give a path, an array or a PIL image")


def pixels_of(photo: Photo, number: int = 0) -> Tensor:
    """Return `(3, height, width)` uint8 RGB of a photo in any form; see `read_square`.

    A very large file is scaled down.
    """
    if isinstance(photo, S3Photo):
        with photo.fetched() as copy:
            return pixels_of(copy)
    if isinstance(photo, Path | str):
        return decode_photo(Path(photo)).pixels
    if isinstance(photo, Image.Image):
        try:
            photo = np.asarray(to_rgb(upright(photo)))
        except Exception as error:  # PIL raises a dozen types for damaged files
            name = getattr(photo, "filename", "") or f"photo {number}"
            raise InputError(f"{name}: does not decode ({error}); leave it out") from None
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        raise InputError(
            f"photo {number}: is an array of {photo.dtype} {photo.shape}; "
            "an array must be uint8 (height, width, 3) in RGB"
        )
    return torch.tensor(photo).permute(2, 0, 1)  # a copy: the array may be read-only
