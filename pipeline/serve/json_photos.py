"""Photos as base64 in JSON: `{"photos": ["...", ...]}`."""

import base64
import binascii
from pathlib import Path

import orjson

from pipeline.serve.limits import Refused

_SHAPE = '{"photos": ["<base64>", ...]}'
_MARKS = b",:[{"  # base64 has none of these
_MARKS_A_PHOTO = 10
_SHOWN = 40  # characters of a key that an error message repeats
_BLANKS = str.maketrans("", "", "\r\n\t ")  # tools break base64 into lines


def json_photos(text: bytes, folder: Path, most: int) -> list[Path | Refused]:
    """Return the photos of a JSON text as files, or for each why it is refused.

    Args:
        text: as it was sent.
        folder: for the files.
        most: the most photos in one request.

    Raises:
        Refused: the text is not JSON or has another shape, or there are too many photos.
    """
    if not text.strip():
        return []
    # A few megabytes of "[[],[],[]..." would become gigabytes of objects.
    if sum(text.count(mark) for mark in _MARKS) > _MARKS_A_PHOTO * (most + 1):
        raise Refused(422, f"more than {most} photos, or JSON of another shape; send {_SHAPE}")
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(422, f"not JSON ({error}); send {_SHAPE}") from None
    photos = content.get("photos") if isinstance(content, dict) else None
    if not isinstance(photos, list):
        raise Refused(422, f"JSON of another shape; send {_SHAPE}")
    if others := sorted(content.keys() - {"photos"}):
        first = others[0][:_SHOWN]
        raise Refused(422, f"{first!r}: unknown key; send {_SHAPE}, and ?min_score= in the URL")
    if len(photos) > most:
        raise Refused(413, f"{len(photos)} photos in one request; send at most {most}")
    return [_saved(photo, folder / str(number)) for number, photo in enumerate(photos, 1)]


def _saved(photo: object, file: Path) -> Path | Refused:
    if not isinstance(photo, str):
        return Refused(422, f"not a string of base64; send {_SHAPE}")
    encoded = photo.partition(",")[2] if photo.startswith("data:") else photo
    try:
        file.write_bytes(base64.b64decode(encoded.translate(_BLANKS), validate=True))
    except (binascii.Error, ValueError) as error:
        return Refused(422, f"not base64 ({error}); encode the photo's file as it is")
    return file
