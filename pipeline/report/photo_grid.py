"""Photos with truth and predictions drawn on them: what a person looks at first.

A prediction is a box in its class's colour with name and score on a tag; the truth is dashed and
white and lies on top, so that a box which is right shows both. Black strokes below both keep them
legible on any photo. Tags never cover each other; above `CROWD` boxes there are none, and what was
found is counted below the photo instead. `torchvision.utils.draw_bounding_boxes` and `supervision`
draw neither dashes nor tags that avoid each other, and the first needs torch, which takes longer to
import than all pictures take to draw: so these are drawn here.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.report.figures import LARGEST_SIDE, class_color, save_png
from pipeline.report.fonts import drawable
from pipeline.report.marks import Marks, two_digits, verdict
from pipeline.report.tags import free_place

CROWD = 10  # boxes on a photo; with more of them tags would hide what they name
_DPI = 100
_LARGEST_CELL = 332  # pixels
_GAP = 10
_CAPTION = 32
_TITLE, _NOTE = 30, 22
_FONT = 9.0  # points
_SMALLEST_CAPTION = 0.6  # of its size; one that is too long even then is left out
_TAG_PAD = 1.2
_AS_IS = {"parse_math": False}  # a name may hold dollar signs
_RIGHT, _WRONG, _QUIET = "#137a2b", "#c4161c", "#555555"


@dataclass(frozen=True)
class Layout:
    """So many photos a row and a column, each in a square of so many pixels."""

    rows: int
    columns: int
    cell: int = _LARGEST_CELL

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        height = self.rows * (self.cell + _CAPTION + _GAP) + _TITLE + _NOTE
        return self.columns * (self.cell + _GAP) + _GAP, height


def layout_of(photos: int) -> Layout:
    """Return the layout of so many photos: a third more columns than rows, never too large a page.

    >>> layout_of(12)
    Layout(rows=3, columns=4, cell=332)
    """
    columns = max(1, math.ceil(math.sqrt(photos * 4 / 3)))
    rows = max(1, math.ceil(photos / columns))
    across = (LARGEST_SIDE - _GAP) // columns - _GAP
    down = (LARGEST_SIDE - _TITLE - _NOTE) // rows - _CAPTION - _GAP
    return Layout(rows, columns, max(24, min(_LARGEST_CELL, across, down)))


def photo_grid(
    path: Path,
    photos: Sequence[np.ndarray],
    truths: Sequence[Marks],
    predictions: Sequence[Marks],
    *,
    names: Sequence[str],
    title: str,
    layout: Layout,
    note: str = "",
    single: bool = False,
    captions: Sequence[str] = (),
    sizes_wh: Sequence[tuple[int, int]] = (),
) -> None:
    """Write a PNG of photos with truth and predictions on them, row by row.

    Args:
        path: the PNG.
        photos: `(H, W, 3)` uint8 each; sizes may differ.
        truths: one `Marks` a photo.
        predictions: one `Marks` a photo.
        names: of the classes, in label order.
        title: one line above all photos.
        layout: of the page; photos beyond it are left out.
        note: a quiet line below the title, before what the lines mean.
        single: each photo has one answer; say below it, in green or red, how good it is.
        captions: a quiet line or two for each photo, its file name for instance; a long one is
            written smaller, one that is too long even then is left out.
        sizes_wh: width and height that the boxes refer to, where they are not the photo's own; a
            photo squashed to a square is drawn with these proportions again.
    """
    shown = slice(layout.rows * layout.columns)
    words = [note, _key(truths[shown], predictions[shown])]
    figure, cells = _empty_grid(title, "    ".join(filter(None, words)), layout)
    for place, axes in zip(range(len(photos)), cells, strict=False):
        photo, truth, predicted = photos[place], truths[place], predictions[place]
        view = _fit(sizes_wh[place] if len(sizes_wh) else photo.shape[1::-1], layout.cell)
        axes.imshow(photo, extent=view.extent, interpolation="bilinear")
        axes.set(xlim=(0, layout.cell), ylim=(layout.cell, 0), facecolor="0.93")
        crowded = len(predicted.boxes) > CROWD
        _draw_truth(axes, view.to_cell(truth.boxes), truth.ignore, crowded)
        _draw_predictions(axes, view.to_cell(predicted.boxes), predicted, names, layout.cell)
        judged = verdict(truth, predicted, names) if single else ("", True)
        _write_below(axes, drawable(captions[place]) if len(captions) else "", judged, layout.cell)
        if crowded:
            _count_below(axes, predicted.labels, names, layout.cell)
    save_png(figure, path, _DPI)


def _key(truths: Sequence[Marks], predictions: Sequence[Marks]) -> str:
    """Return what the lines mean, naming only those that are there."""
    kinds = {
        "dashed white: truth": any(len(marks.boxes) for marks in truths),
        "dotted grey: truth not counted": any(np.any(marks.ignore) for marks in truths),
        "colour: prediction": any(len(marks.boxes) for marks in predictions),
    }
    return "    ".join(kind for kind, present in kinds.items() if present)


@dataclass(frozen=True)
class _View:
    """How a photo lies in its square cell: its pixels times `scale`, moved by `left, top`."""

    size_wh: tuple[int, int]
    scale: float
    left: float
    top: float

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of the photo in the cell."""
        width, height = np.multiply(self.size_wh, self.scale)
        return (self.left, self.left + width, self.top + height, self.top)

    def to_cell(self, boxes: np.ndarray) -> np.ndarray:
        """Return `(N, 4)` xyxy boxes in pixels of the cell, cut off at the photo's border."""
        inside = np.clip(np.asarray(boxes, dtype=float), 0, np.tile(self.size_wh, 2))
        return inside * self.scale + np.array([self.left, self.top] * 2)


def _fit(size_wh: tuple[int, int], cell: int) -> _View:
    """Return the view that centres a photo in its cell, as large as it goes."""
    width, height = size_wh
    scale = cell / max(width, height)
    return _View((width, height), scale, (cell - width * scale) / 2, (cell - height * scale) / 2)


def _empty_grid(title: str, note: str, layout: Layout) -> tuple[Figure, list[Axes]]:
    """Return a titled figure with one square for each photo, row by row, measured in pixels."""
    width, height = layout.size_wh
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    lines = ((title, _TITLE / 2 + 2, _FONT + 4, "black"), (note, _TITLE + 9, _FONT - 0.5, _QUIET))
    for words, below, size, color in lines:
        place = (_GAP / width, 1 - below / height)
        text = figure.text(*place, words, va="center", size=size, color=color, **_AS_IS)
        _shrink(text, width - 2 * _GAP)
    cells = []
    for row in range(layout.rows):
        for column in range(layout.columns):
            left = _GAP + column * (layout.cell + _GAP)
            top = _TITLE + _NOTE + row * (layout.cell + _CAPTION + _GAP)
            box = (left, height - top - layout.cell, layout.cell, layout.cell)
            axes = figure.add_axes(np.divide(box, (width, height, width, height)))
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            cells.append(axes)
    return figure, cells


def _draw_truth(axes: Axes, boxes: np.ndarray, ignore: np.ndarray, crowded: bool) -> None:
    """Draw thin dashed white boxes above everything; ignored objects grey and dotted."""
    width = 0.9 if crowded else 1.2
    for row, box in enumerate(boxes):
        ignored = bool(len(ignore) and ignore[row])
        color, dashes = ("0.75", (0, (1, 2))) if ignored else ("white", (0, (4, 4)))
        _rectangle(axes, box, "black", width + 0.9, zorder=1.5)
        _rectangle(axes, box, color, width, dashes, zorder=3.5)


def _draw_predictions(
    axes: Axes, boxes: np.ndarray, predicted: Marks, names: Sequence[str], cell: int
) -> None:
    """Draw boxes in class colours with a tag of name and score, the best one on top."""
    count = len(boxes)
    labels = predicted.labels if len(predicted.labels) else np.full(count, -1)
    ranking = (
        np.argsort(-predicted.scores, kind="stable") if len(predicted.scores) else np.arange(count)
    )
    width = 1.3 if count > CROWD else 2.2
    taken: list[tuple[float, float, float, float]] = []
    for rank, row in enumerate(ranking[:count]):
        label = int(labels[row])
        above = 1 / (1 + rank)
        _rectangle(axes, boxes[row], "black", width + 1.2, zorder=2 + above)
        _rectangle(axes, boxes[row], class_color(label), width, zorder=2 + above)
        words = [names[label]] if label >= 0 else []
        words += [two_digits(predicted.scores[row])] if len(predicted.scores) else []
        if words and count <= CROWD:
            _tag(axes, boxes[row], " ".join(words), class_color(label), taken, 4 + above, cell)


def _rectangle(
    axes: Axes,
    box: np.ndarray,
    color: str | tuple[float, float, float],
    width: float,
    dashes: str | tuple[int, tuple[int, int]] = "solid",
    zorder: float = 2.0,
) -> None:
    """Draw the outline of one xyxy box."""
    axes.add_patch(
        Rectangle(
            (box[0], box[1]),
            box[2] - box[0],
            box[3] - box[1],
            fill=False,
            edgecolor=color,
            linewidth=width,
            linestyle=dashes,
            joinstyle="miter",
            clip_on=False,  # a line on the photo's border is drawn in full width
            zorder=zorder,
        )
    )


def _tag(
    axes: Axes,
    box: np.ndarray,
    words: str,
    color: tuple[float, float, float],
    taken: list[tuple[float, float, float, float]],
    zorder: float,
    cell: int,
) -> None:
    """Write black words on the class colour at a corner of the box, unless other tags fill all."""
    text = axes.text(0, 0, words, size=_FONT - 1, va="top", zorder=zorder, **_AS_IS)
    text.set_bbox({"facecolor": color, "edgecolor": "black", "linewidth": 0.6, "pad": _TAG_PAD})
    extent = text.get_window_extent()  # pixels, the unit of the cell
    border = 2 * _TAG_PAD + 2
    place = free_place(box, (extent.width + border, extent.height + border), cell, taken)
    if place is None:
        text.remove()
        return
    taken.append(place)
    text.set_position((place[0] + border / 2, place[1] + border / 2))


def _write_below(axes: Axes, caption: str, judged: tuple[str, bool], cell: int) -> None:
    """Write the quiet caption at the left below a photo and the verdict at its right."""
    below = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top", **_AS_IS}
    words, right = judged
    color = _RIGHT if right else _WRONG
    told = axes.annotate(words, (1, 0), (0, -3), size=_FONT, color=color, ha="right", **below)
    _shrink(told, cell)
    caption_text = axes.annotate(caption, (0, 0), (0, -4), size=_FONT - 1.5, color=_QUIET, **below)
    _shrink(caption_text, cell - told.get_window_extent().width)


def _shrink(text, room: float) -> None:
    """Write a text so small that it fits into `room` pixels; leave it out where nobody could read."""
    width = text.get_window_extent().width
    if width > room:
        text.set_size(0.95 * text.get_size() * max(room, 1) / width)  # letters shrink in steps
        text.set_visible(room / width > _SMALLEST_CAPTION)


def _count_below(axes: Axes, labels: np.ndarray, names: Sequence[str], cell: int) -> None:
    """Write how many of each class were found below a crowded photo, on the colours of its boxes."""
    left = 0.0
    for label, count in Counter(labels.tolist()).most_common():
        text = axes.annotate(
            f"{count} {names[label]}",
            (0, 0),
            (left * 72 / _DPI + 2, -16),
            xycoords="axes fraction",
            textcoords="offset points",
            va="top",
            size=_FONT - 1.5,
            annotation_clip=False,
            **_AS_IS,
        )
        text.set_bbox({"facecolor": class_color(label), "edgecolor": "none", "pad": _TAG_PAD})
        left += text.get_window_extent().width + 8
        if left > cell:
            text.remove()
            return
