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
PAGE_TITLE = "<title>Review of labels</title>"
_DATA = "/*DATA*/null"
_LONGER_SIDE = 640  # of a photo on the page, in pixels
_QUALITY = 80


def review_page(labels: Labels, doubts: Sequence[Doubt], photos: Sequence[Path]) -> str:
    """Return a self-contained HTML page, pictures included.

    Args:
        labels: of a model, with known image sizes.
        doubts: the photos to show, in this order.
        photos: the file of each image of the labels.

    Raises:
        InputError: a photo does not decode.
    """
    objects = labels.of_each_image()
    shown = [
        _photo(labels, doubt, photos[doubt.row], objects[doubt.row].tolist())
        for doubt in progress(doubts, desc="review", unit="photos")
    ]
    data = {"classes": labels.classes, "photos": shown}
    # By the key, a later export of the same page replaces an earlier one.
    # A name may contain "</script>", which would end the script that holds the data.
    text = json.dumps({"key": _digest(data)} | data).replace("<", "\\u003c")
    return _TEMPLATE.read_text(encoding="utf-8").replace(_DATA, text)


def _photo(labels: Labels, doubt: Doubt, file: Path, objects: Sequence[int]) -> dict:
    image = labels.images.slice(doubt.row, 1).to_pylist()[0]
    name, content = image["file_name"], file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return {
        "name": name,
        "width": image["width"],
        "height": image["height"],
        "reasons": list(doubt.reasons),
        "picture": _picture(file, content),
        "boxes": [_box(labels, at, name, digest) for at in objects],
    }


def _box(labels: Labels, at: int, photo: str, digest: str) -> dict:
    """Return a box, with the key under which the browser keeps the decision about it.

    The key is a digest of the photo and the box. So a page that is made again, of other photos or
    in another order, keeps the decisions of the earlier one, but a changed photo or box has none.
    """
    box = {
        "name": labels.classes[labels.labels[at]],
        "box": [round(side, 2) for side in labels.boxes[at].tolist()],
        "score": labels.score_of(at),
    }
    return {"key": _digest([photo, digest, box])} | box


def _digest(seen: object) -> str:
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def _picture(file: Path, content: bytes) -> str:
    """Return the photo upright and scaled down, as a data URL."""
    buffer = io.BytesIO()
    try:
        with _opened(file, content) as photo:
            photo.draft("RGB", (_LONGER_SIDE, _LONGER_SIDE))
            small = to_rgb(upright(photo))
        small.thumbnail((_LONGER_SIDE, _LONGER_SIDE))
        small.save(buffer, "JPEG", quality=_QUALITY)
    except Exception as error:  # PIL raises a dozen types for damaged files
        raise InputError(f"{file}: does not decode ({error}); leave it out") from None
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _opened(file: Path, content: bytes) -> Image.Image:
    """Return an undecoded photo; a baseline JPEG may be of any size, as it is decoded by lines."""
    header = jpeg_header(content)
    return JpegImageFile(io.BytesIO(content)) if header and header.one_pass else open_photo(file)
