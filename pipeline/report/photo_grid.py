"""Photos with truth and predictions drawn on them: what a person looks at first.

The truth is a thin dashed white box, a prediction a thick box in its class's colour with name and
score on a tag; every line has a black stroke, so both can be read on any photo.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from pipeline.boxes import paired_iou
from pipeline.report.figures import class_color, save_png
from pipeline.report.tags import free_place

_DPI = 100
_CELL = 448  # pixels: a photo of 224 at twice its size
_GAP = 12
_CAPTION = 34
_TITLE = 56
_FONT = 13.0  # points
_SMALL_FONT = 10.0
_SMALLEST_CAPTION = 0.6  # of its size; one that is too long even then is left out
_CROWD = 6  # boxes on a photo; more of them get smaller tags
_TAG_PAD = 1.5
_AS_IS = {"parse_math": False}  # a name may hold dollar signs
_RIGHT, _WRONG, _QUIET = "#137a2b", "#c4161c", "#555555"


def _no_boxes() -> np.ndarray:
    return np.zeros((0, 4))


def _nothing() -> np.ndarray:
    return np.zeros(0, dtype=int)


@dataclass(frozen=True)
class Marks:
    """What to draw on one photo: its true objects, or what was predicted for it.

    Attributes:
        boxes: `(N, 4)` xyxy; empty where only a class is known.
        labels: `(N,)` class; empty where only boxes are known.
        scores: `(N,)` in 0..1; empty for truth.
        ignore: `(N,)` bool, drawn grey and dotted; empty for none.
    """

    boxes: np.ndarray = field(default_factory=_no_boxes)
    labels: np.ndarray = field(default_factory=_nothing)
    scores: np.ndarray = field(default_factory=_nothing)
    ignore: np.ndarray = field(default_factory=_nothing)


def photo_grid(
    path: Path,
    photos: Sequence[np.ndarray],
    truths: Sequence[Marks],
    predictions: Sequence[Marks],
    *,
    names: Sequence[str],
    title: str,
    single: bool = False,
    captions: Sequence[str] = (),
    sizes_wh: Sequence[tuple[int, int]] = (),
    rows: int = 3,
    columns: int = 4,
) -> None:
    """Write a PNG of the first `rows * columns` photos with truth and predictions on them.

    Args:
        path: the PNG.
        photos: `(H, W, 3)` uint8 each; sizes may differ.
        truths: one `Marks` a photo.
        predictions: one `Marks` a photo.
        names: of the classes, in label order.
        title: one line above all photos.
        single: each photo has one answer; say below it, in green or red, how good it is.
        captions: a quiet line or two for each photo, its file name for instance; a long one is
            written smaller, one that is too long even then is left out.
        sizes_wh: width and height that the boxes refer to, where they are not the photo's own; a
            photo squashed to a square is drawn with these proportions again.
        rows: of photos.
        columns: of photos.
    """
    shown = slice(rows * columns)
    key = _key(truths[shown], predictions[shown])
    figure, cells = _empty_grid(title, key, rows, columns)
    for place, axes in zip(range(len(photos)), cells, strict=False):
        photo, truth, predicted = photos[place], truths[place], predictions[place]
        view = _fit(sizes_wh[place] if len(sizes_wh) else photo.shape[1::-1])
        axes.imshow(photo, extent=view.extent, interpolation="bilinear")
        axes.set(xlim=(0, _CELL), ylim=(_CELL, 0), facecolor="0.93")
        _draw_truth(axes, view.to_cell(truth.boxes), truth.ignore)
        _draw_predictions(axes, view.to_cell(predicted.boxes), predicted, names)
        _write_below(
            axes,
            captions[place] if len(captions) else "",
            verdict(truth, predicted, names) if single else None,
        )
    save_png(figure, path, _DPI)


def verdict(truth: Marks, predicted: Marks, names: Sequence[str]) -> tuple[str, bool]:
    """Return a line that compares a photo's one answer with the truth, and whether it is right.

    Right is the right class, where classes are compared, and an IoU above .5, where boxes are.
    """
    words, right = [], True
    if len(truth.labels) and len(predicted.labels):
        same = truth.labels[0] == predicted.labels[0]
        score = f" {_score(predicted.scores[0])}" if len(predicted.scores) else ""
        guess = f"{names[predicted.labels[0]]}{score}"
        words.append(guess if same else f"{guess}, is {names[truth.labels[0]]}")
        right &= bool(same)
    if len(truth.boxes) and len(predicted.boxes):
        iou = float(paired_iou(truth.boxes[0], predicted.boxes[0]))
        words.append(f"IoU {_score(iou)}")
        right &= iou > 0.5
    return "  ".join(words), right


def _key(truths: Sequence[Marks], predictions: Sequence[Marks]) -> str:
    """Return what the lines mean, naming only those that are there."""
    kinds = {
        "dashed white: truth": any(len(marks.boxes) for marks in truths),
        "dotted: truth not counted": any(np.any(marks.ignore) for marks in truths),
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


def _fit(size_wh: tuple[int, int]) -> _View:
    """Return the view that centres a photo in its cell, as large as it goes."""
    width, height = size_wh
    scale = _CELL / max(width, height)
    return _View((width, height), scale, (_CELL - width * scale) / 2, (_CELL - height * scale) / 2)


def _empty_grid(title: str, key: str, rows: int, columns: int) -> tuple[Figure, list[Axes]]:
    """Return a titled figure with one square for each photo, row by row, measured in pixels."""
    width = columns * (_CELL + _GAP) + _GAP
    height = rows * (_CELL + _CAPTION + _GAP) + _TITLE
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    figure.text(
        _GAP / width, 1 - 0.5 * _TITLE / height, title, va="center", size=_FONT + 5, **_AS_IS
    )
    figure.text(
        1 - _GAP / width,
        1 - 0.5 * _TITLE / height,
        key,
        va="center",
        ha="right",
        size=_FONT - 1,
        color=_QUIET,
    )
    cells = []
    for row in range(rows):
        for column in range(columns):
            left = _GAP + column * (_CELL + _GAP)
            top = _TITLE + row * (_CELL + _CAPTION + _GAP)
            place = (left, height - top - _CELL, _CELL, _CELL)
            axes = figure.add_axes(np.divide(place, (width, height, width, height)))
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            cells.append(axes)
    return figure, cells


def _draw_truth(axes: Axes, boxes: np.ndarray, ignore: np.ndarray) -> None:
    """Draw thin dashed white boxes; ignored objects grey and dotted."""
    for row, box in enumerate(boxes):
        ignored = bool(len(ignore) and ignore[row])
        color, dashes = ("0.75", (0, (1, 2))) if ignored else ("white", (0, (4, 3)))
        _rectangle(axes, box, "black", 2.6)
        _rectangle(axes, box, color, 1.4, dashes)


def _draw_predictions(
    axes: Axes, boxes: np.ndarray, predicted: Marks, names: Sequence[str]
) -> None:
    """Draw thick boxes in class colours with a tag of name and score, the best one on top."""
    count = len(boxes)
    labels = predicted.labels if len(predicted.labels) else np.full(count, -1)
    ranking = (
        np.argsort(-predicted.scores, kind="stable") if len(predicted.scores) else np.arange(count)
    )
    size = _FONT if count <= _CROWD else _SMALL_FONT
    taken: list[tuple[float, float, float, float]] = []
    for rank, row in enumerate(ranking[:count]):
        label = int(labels[row])
        above = 1 / (1 + rank)
        _rectangle(axes, boxes[row], "black", 5.5, zorder=2 + above)
        _rectangle(axes, boxes[row], class_color(label), 3.0, zorder=2 + above)
        words = [names[label]] if label >= 0 else []
        words += [_score(predicted.scores[row])] if len(predicted.scores) else []
        if words:
            _tag(axes, boxes[row], " ".join(words), class_color(label), taken, 4 + above, size)


def _rectangle(axes, box, color, width, dashes="solid", zorder=2.0) -> None:
    """Draw the outline of one xyxy box."""
    axes.add_patch(
        Rectangle(
            box[:2],
            *np.subtract(box[2:], box[:2]),
            fill=False,
            edgecolor=color,
            linewidth=width,
            linestyle=dashes,
            joinstyle="miter",
            clip_on=False,  # a line on the photo's border is drawn in full width
            zorder=zorder,
        )
    )


def _tag(axes, box, words, color, taken, zorder, size) -> None:
    """Write black words on the class colour at a corner of the box, unless other tags fill all."""
    text = axes.text(0, 0, words, size=size, weight="bold", va="top", zorder=zorder, **_AS_IS)
    text.set_bbox({"facecolor": color, "edgecolor": "black", "linewidth": 0.8, "pad": _TAG_PAD})
    extent = text.get_window_extent()  # pixels, the unit of the cell
    border = 2 * _TAG_PAD + 2
    place = free_place(box, (extent.width + border, extent.height + border), _CELL, taken)
    if place is None:
        text.remove()
        return
    taken.append(place)
    text.set_position((place[0] + border / 2, place[1] + border / 2))


def _write_below(axes: Axes, caption: str, judged: tuple[str, bool] | None) -> None:
    """Write the quiet caption at the left below a photo and the verdict at its right."""
    below = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "top", **_AS_IS}
    words, right = judged or ("", True)
    color = _RIGHT if right else _WRONG
    verdict_text = axes.annotate(
        words, (1, 0), (0, -4), size=_FONT, color=color, ha="right", **below
    )
    caption_text = axes.annotate(caption, (0, 0), (0, -5), size=_FONT - 3, color=_QUIET, **below)
    room = _CELL - verdict_text.get_window_extent().width
    width = caption_text.get_window_extent().width
    if width > room:
        caption_text.set_size(0.95 * (_FONT - 3) * room / width)  # letters shrink in steps
        caption_text.set_visible(room / width > _SMALLEST_CAPTION)


def _score(value: float) -> str:
    """Return a score or IoU of 0..1 with two digits and no leading zero: `.87`, `1.0`."""
    return "1.0" if value >= 0.995 else f"{value:.2f}"[1:]
