"""Decodes photos of any kind as a viewer shows them, in bounded memory."""

import io
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from torchvision.io import decode_image
from torchvision.transforms.v2 import functional

from pipeline.data.jpeg_header import JpegHeader, jpeg_header
from pipeline.data.rgb import to_rgb
from pipeline.errors import InputError
from pipeline.photo_files import (
    MOST_PIXELS,
    MOST_PIXELS_BY_LINES,
    TO_JPEG,
    exif_orientation,
    is_heic,
    open_photo,
    too_large,
)

_LARGE = 16_000_000  # pixels; larger photos are decoded one at a time
_ONE_LARGE = threading.Lock()
_Turn = Image.Transpose
_TURNS = {  # what makes a stored photo upright, by EXIF orientation
    2: _Turn.FLIP_LEFT_RIGHT,
    3: _Turn.ROTATE_180,
    4: _Turn.FLIP_TOP_BOTTOM,
    5: _Turn.TRANSPOSE,
    6: _Turn.ROTATE_270,
    7: _Turn.TRANSVERSE,
    8: _Turn.ROTATE_90,
}
_UNDONE_BY = {6: 8, 8: 6}  # the others are their own inverse


class Decoded(NamedTuple):
    """A photo in memory.

    Attributes:
        pixels: uint8 `(3, height, width)` RGB; a very large photo is scaled down.
        size_wh: width and height of the photo itself.
    """

    pixels: torch.Tensor
    size_wh: tuple[int, int]


def decode_photo(path: Path) -> Decoded:
    """Return a photo as a viewer shows it.

    Raises:
        InputError: The photo is missing, or cannot be read or decoded.
    """
    data = _read_bytes(path)
    return _decode(path, data, jpeg_header(data), turn=True)


def read_squashed(
    path: Path, side: int, turned: bool = True, size_wh: tuple[int, int] | None = None
) -> tuple[np.ndarray, tuple[int, int]]:
    """Return a photo squashed to `(S, S, 3)` uint8, and its width and height.

    Threads that call this decode large photos one at a time, so that memory does not grow with
    their number.

    Args:
        path: of the photo.
        side: S, in pixels.
        turned: whether to apply the EXIF orientation, as most viewers do; False for labels that
            were made on the photo as it is stored.
        size_wh: width and height that the photo must have after that; None for any.

    Raises:
        InputError: The photo is missing, cannot be read or decoded, or has another size.
    """
    data = _read_bytes(path)
    header = jpeg_header(data)
    with _room_for(data, header):
        photo = _decode(path, data, header, turned)
        _check_size(path, photo, size_wh or photo.size_wh)
        return squash(photo.pixels, side), photo.size_wh


def squash(photo: torch.Tensor, side: int) -> np.ndarray:
    """Return a photo `(3, height, width)` uint8 as `(S, S, 3)`; its aspect ratio is not kept."""
    square = functional.resize(photo, [side, side], antialias=True)
    return square.permute(1, 2, 0).numpy()


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        remedy = "add it, or leave it out"
        raise InputError(f"{path}: photo: no such file; {remedy}") from None
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error})"
        raise InputError(f"{path}: photo: {problem}; check its permissions and the disk") from None


def _decode(path: Path, data: bytes, header: JpegHeader | None, turn: bool) -> Decoded:
    """Return a photo, decoded by torchvision if it can decode it (most JPEGs), else by PIL."""
    if header and math.prod(header.size) <= MOST_PIXELS:
        try:
            encoded = torch.frombuffer(bytearray(data), dtype=torch.uint8)
            photo = decode_image(encoded, apply_exif_orientation=turn)
        except RuntimeError:
            photo = None  # damaged, or a kind of JPEG that only PIL knows: PIL decides
        if photo is not None and len(photo) in (1, 3):  # 4 is CMYK
            return Decoded(photo.expand(3, -1, -1), (photo.shape[2], photo.shape[1]))
    try:
        with _opened(data, header) as image:
            pixels, size_wh = _with_pil(image, turn)
    except Exception as error:  # PIL raises a dozen types for damaged files
        known = not isinstance(error, UnidentifiedImageError)
        reason = " ".join(str(error).split()) if known else "not an image of a known kind"
        problem = f"does not decode ({reason or type(error).__name__})"
        remedy = "replace the file, or leave it out"
        if not known and is_heic(data[:64], path.name):
            problem, remedy = "does not decode (HEIC, which is not read)", TO_JPEG
        raise InputError(f"{path}: photo: {problem}; {remedy}") from None
    return Decoded(torch.from_numpy(pixels).permute(2, 0, 1), size_wh)


def _opened(data: bytes, header: JpegHeader | None) -> Image.Image:
    """Return an image not yet loaded; one whose decoder works line by line may have any size.

    Raises:
        Exception: of any type; it is not a photo, or would take too much memory.
    """
    if header and not header.one_pass and math.prod(header.size) > MOST_PIXELS_BY_LINES:
        raise ValueError(too_large(*header.size, MOST_PIXELS_BY_LINES))
    if header is None or not header.one_pass:
        return open_photo(io.BytesIO(data))
    return JpegImageFile(io.BytesIO(data))


def _with_pil(image: Image.Image, turn: bool) -> tuple[np.ndarray, tuple[int, int]]:
    """Load an image; return it as `(height, width, 3)` uint8, and its original width and height.

    One with more than `MOST_PIXELS` is scaled down by an integer, during decoding if possible.
    """
    stored = image.size
    if (times := _times_too_large(stored)) > 1:
        times = 1 << (times - 1).bit_length()  # JPEG decoders can scale by 2, 4 and 8
        image.draft(None, (stored[0] // times, stored[1] // times))
    drafted = image.size != stored
    upright = _oriented(image, turn)
    size_wh = upright.size
    if drafted:
        swapped = turn and exif_orientation(image) >= 5
        size_wh = stored[::-1] if swapped else stored
    if (times := _times_too_large(upright.size)) > 1:
        grey = upright.mode == "F" or upright.mode.startswith("I")
        plain = upright.convert(upright.mode[:1]) if grey else to_rgb(upright)
        upright = plain.reduce(times)
    return np.array(to_rgb(upright)), size_wh


def _times_too_large(size_wh: tuple[int, int]) -> int:
    """Return the integer that the sides of a photo must be divided by."""
    return math.ceil(math.sqrt(math.prod(size_wh) / MOST_PIXELS))


@contextmanager
def _room_for(data: bytes, header: JpegHeader | None) -> Iterator[None]:
    """Let only one thread at a time decode a large photo."""
    with _ONE_LARGE if _pixels_of(data, header) > _LARGE else nullcontext():
        yield


def _pixels_of(data: bytes, header: JpegHeader | None) -> int:
    if header:
        return math.prod(header.size)
    try:
        with open_photo(io.BytesIO(data)) as image:
            return math.prod(image.size)
    except Exception:  # the decoder will report it better
        return 0


def _check_size(path: Path, photo: Decoded, size_wh: tuple[int, int]) -> None:
    if photo.size_wh == size_wh:
        return
    has, expected = ("{} x {}".format(*size) for size in (photo.size_wh, size_wh))
    problem = f"the photo is {has} pixels and the annotations say {expected}"
    raise InputError(f"{path}: size: {problem}; correct its width and height there")


def _oriented(image: Image.Image, turn: bool) -> Image.Image:
    """Return an image not yet loaded, turned by its EXIF orientation or left as it is stored."""
    is_tiff = image.format == "TIFF"  # which PIL turns on loading
    if turn == is_tiff:
        return image
    orientation = exif_orientation(image)
    if is_tiff:
        orientation = _UNDONE_BY.get(orientation, orientation)
    return image.transpose(_TURNS[orientation]) if orientation in _TURNS else image
