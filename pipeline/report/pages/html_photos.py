"""Photos with boxes in an HTML page: pixels as JPEG, with boxes on top as SVG."""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from PIL import Image

from pipeline.data.pixel_store import Pixels
from pipeline.report.figures import class_color
from pipeline.report.marks import Marks, marks_of
from pipeline.report.pages.html_parts import name, text
from pipeline.schemas import read_classes

_QUALITY = 80
_RING = 0.06  # of the photo's longer side: a smaller box is circled, so that it can be found
_CHIPS = 8  # classes named below a photo
_DRAWN = 500  # boxes on a photo, so that the page stays small


@dataclass(frozen=True)
class Gallery:
    """All photos with their objects: two of the tables and the pixel store.

    Attributes:
        images: P rows.
        objects: of all photos.
        pixels: `(P, S, S, 3)` uint8, the photos squashed to squares.
    """

    images: pa.Table
    objects: pa.Table
    pixels: Pixels

    @cached_property
    def names(self) -> list[str]:
        """The names of the classes, in label order."""
        return read_classes(self.images)

    def figure(
        self, image_id: int, caption: str, *, marks: Marks | None = None, side: int = 240
    ) -> str:
        """Return a figure of a photo with boxes in the colours of their classes.

        Args:
            image_id: of the photo; one missing from the tables gets an empty figure.
            caption: HTML below it.
            marks: boxes and labels, dotted for `ignore`; by default the true ones.
            side: the longer side of the picture in the page, in pixels.
        """
        rows = np.flatnonzero(self.images["image_id"].to_numpy() == image_id)
        if not len(rows):
            gap = '<p class="quiet">left out</p>'
            return f"<figure>{gap}<figcaption>{caption}</figcaption></figure>"
        row = int(rows[0])
        width, height = (self.images[key][row].as_py() for key in ("width", "height"))
        marks = marks or marks_of(self.objects, image_id)
        return (
            f'<figure><svg viewBox="0 0 {width} {height}" role="img">'
            f'<image href="{_jpeg(self.pixels[row], (width, height), side)}" '
            f'width="{width}" height="{height}" preserveAspectRatio="none"/>'
            f"{_boxes(marks, _RING * max(width, height))}</svg>"
            f"<figcaption>{caption}{_chips(marks, self.names)}</figcaption></figure>"
        )


def _jpeg(pixels: np.ndarray, size_wh: tuple[int, int], side: int) -> str:
    """Return a photo, back in its own proportions, as a data URL."""
    scale = side / max(size_wh)
    shown = tuple(max(1, round(length * scale)) for length in size_wh)
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels).resize((shown[0], shown[1]), Image.Resampling.BILINEAR)
    picture.save(buffer, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _boxes(marks: Marks, ring: float) -> str:
    """Return the first boxes as SVG, one path per colour, with black below for contrast.

    Args:
        marks: boxes and labels.
        ring: radius of the circle around boxes that are smaller than this.
    """
    boxes = marks.boxes[:_DRAWN]
    ignored = marks.ignore[: len(boxes)] if len(marks.ignore) else np.zeros(len(boxes), bool)
    small = boxes[(boxes[:, 2:] - boxes[:, :2]).max(1, initial=0) < ring]
    outlines: dict[str, str] = {}
    for box, label, dotted in zip(boxes.tolist(), marks.labels, ignored, strict=False):
        paint = f'stroke="{_color(int(label))}"'
        key = 'stroke="#ccc" stroke-dasharray="2 3"' if dotted else paint
        outlines[key] = outlines.get(key, "") + _outline(*box)
    middles = (small[:, :2] + small[:, 2:]) / 2
    rings = "".join(_circle(x, y, ring) for x, y in middles.tolist())
    shapes = {**outlines, 'stroke="#fff"': rings} if rings else outlines
    below = _path("".join(shapes.values()), 'stroke="#000" stroke-width="4"')
    return below + "".join(_path(d, f'{key} stroke-width="2"') for key, d in shapes.items())


def _path(outlines: str, stroke: str) -> str:
    style = f'fill="none" vector-effect="non-scaling-stroke" {stroke}'
    return f'<path d="{outlines}" {style}/>' if outlines else ""


def _outline(xmin: float, ymin: float, xmax: float, ymax: float) -> str:
    return f"M{xmin:.6g} {ymin:.6g}H{xmax:.6g}V{ymax:.6g}H{xmin:.6g}Z"


def _circle(x: float, y: float, radius: float) -> str:
    """Return two half circles around a point."""
    half = f"a{radius:.6g} {radius:.6g} 0 1 0 "
    return f"M{x - radius:.6g} {y:.6g}{half}{2 * radius:.6g} 0{half}{-2 * radius:.6g} 0"


def _chips(marks: Marks, names: Sequence[str]) -> str:
    """Return how many boxes of each class there are, on the colours of the classes."""
    counts = Counter(marks.labels[marks.labels >= 0].tolist()).most_common()
    chips = [
        f'<span class="chip" style="background:{_color(label)}">{count} {name(names[label])}</span>'
        for label, count in counts[:_CHIPS]
    ]
    if len(counts) > _CHIPS:
        chips.append(text(f"and {len(counts) - _CHIPS} more classes "))
    if len(marks.boxes) > _DRAWN:
        chips.append(text(f"(the first {_DRAWN} boxes are drawn)"))
    return "<br>" + "".join(chips) if chips else ""


def _color(label: int) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in class_color(label))
