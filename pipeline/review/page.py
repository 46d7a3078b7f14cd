"""One self-contained page on which a person accepts, rejects and relabels boxes."""

import base64
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from pipeline.data.jpeg_header import jpeg_header
from pipeline.data.rgb import to_rgb
from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.photo_files import open_photo, upright
from pipeline.progress import progress
from pipeline.review.order import Doubt

_TEMPLATE = Path(__file__).with_name("page.html")
PAGE_TITLE = b"<title>Review of labels</title>"
_DATA = "/*DATA*/null"
_LONGER_SIDE = 640  # of a photo on the page, in pixels
_QUALITY = 80


def review_page(labels: Labels, doubts: Sequence[Doubt], photos: Sequence[Path]) -> str:
    """Return the page as HTML that needs nothing beside it: pictures are part of it.

    Args:
        labels: of a model, sizes of images known.
        doubts: the photos to show, in this order.
        photos: the file of every image of the labels.

    Raises:
        InputError: a photo does not decode.
    """
    objects = labels.of_each_image()
    shown = [
        _photo(labels, doubt, photos[doubt.row], objects[doubt.row].tolist())
        for doubt in progress(doubts, desc="review", unit="photos")
    ]
    data = {"classes": labels.classes, "photos": shown}
    # The browser keeps decisions by this key: another page has its own.
    key = hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]
    # A name may hold "</script>", which would end the script that holds the data.
    text = json.dumps({"key": key} | data).replace("<", "\\u003c")
    return _TEMPLATE.read_text(encoding="utf-8").replace(_DATA, text)


def _photo(labels: Labels, doubt: Doubt, file: Path, objects: Sequence[int]) -> dict:
    image = labels.images.slice(doubt.row, 1).to_pylist()[0]
    return {
        "name": image["file_name"],
        "width": image["width"],
        "height": image["height"],
        "reasons": list(doubt.reasons),
        "picture": _picture(file),
        "boxes": [_box(labels, at) for at in objects],
    }


def _box(labels: Labels, at: int) -> dict:
    return {
        "name": labels.classes[labels.labels[at]],
        "box": [round(side, 2) for side in labels.boxes[at].tolist()],
        "score": labels.score_of(at),
    }


def _picture(file: Path) -> str:
    """Return the photo as a viewer shows it, smaller, as an address that holds its bytes."""
    buffer = io.BytesIO()
    try:
        with _opened(file) as photo:
            photo.draft("RGB", (_LONGER_SIDE, _LONGER_SIDE))
            small = to_rgb(upright(photo))
        small.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
        small.save(buffer, "JPEG", quality=_QUALITY)
    except Exception as error:  # PIL raises a dozen types for damaged files
        raise InputError(f"{file}: does not decode ({error}); leave it out") from None
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _opened(file: Path) -> Image.Image:
    """Return a photo not yet decoded: of any size, as for the network, where that goes by lines."""
    data = file.read_bytes()
    header = jpeg_header(data)
    return JpegImageFile(io.BytesIO(data)) if header and header.one_pass else open_photo(file)
