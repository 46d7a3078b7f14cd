"""An uploaded file becomes a network's input, or is refused with a reason."""

from pathlib import Path

from PIL import Image

from pipeline.errors import InputError
from pipeline.inference.photos import Square, read_square
from pipeline.photo_files import HeicError, identified
from pipeline.serve.limits import Refused

_KNOWN = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or JPEG 2000"


def read_upload(file: Path, side: int, most_pixels: int) -> Square:
    """Return the photo in a file, squashed to `side` x `side` pixels.

    Args:
        file: as it was sent.
        side: S, in pixels.
        most_pixels: the most that a photo may have.

    Raises:
        Refused: the file is empty, too large, damaged, or not a photo of a known kind.
    """
    check_header(file, most_pixels)
    try:
        return read_square(file, 0, side)
    except InputError as error:
        reason = str(error).removeprefix(f"{file}: ").removeprefix("photo: ")
        raise Refused(422, reason) from None


def check_header(file: Path, most_pixels: int) -> None:
    """Raise if a file's header shows that it must not be decoded; see `read_upload`."""
    if not file.stat().st_size:
        raise Refused(422, "is empty; send the photo's file")
    most = f"{most_pixels / 1e6:g} million"
    try:
        with identified(file) as header:
            width, height = header.size
    except Image.DecompressionBombError:  # above Pillow's own limit
        raise Refused(413, f"has far too many pixels; send at most {most}") from None
    except HeicError as error:
        raise Refused(422, str(error)) from None
    except Exception:  # PIL raises a dozen types for damaged files
        raise Refused(422, f"not a photo of a known kind; send {_KNOWN}") from None
    if width * height > most_pixels:
        raise Refused(413, f"is {width} x {height} pixels; send at most {most}")
