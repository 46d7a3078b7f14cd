"""Photos with ground truth and predictions drawn on them.

A prediction is a box in the colour of its class with name and score on a tag; the truth is dashed
white and on top, so that a correct box shows both. Black strokes below both keep them legible on
any photo. Tags never overlap; with more than `CROWD` boxes there are none, and the predictions are
counted below the photo instead. `torchvision.utils.draw_bounding_boxes` and `supervision` draw
neither dashes nor tags that avoid each other, and the first needs torch, which takes longer to
import than all pictures take to draw; hence this module.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from pipeline.report.figures import class_color, figure_of, save_png
from pipeline.report.fonts import drawable
from pipeline.report.marks import Marks, two_digits, verdict
from pipeline.report.page import GAP, TITLE, Layout, View, page_axes
from pipeline.report.tags import free_place

CROWD = 10  # boxes on a photo; with more, tags would hide what they name
_DPI = 100
_FONT = 9.0  # points
_SMALLEST_CAPTION = 0.6  # of its size; text that is still too long is left out
_TAG_PAD = 1.2
_RIGHT, _WRONG, _QUIET = "#137a2b", "#c4161c", "#555555"


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
        truths: one `Marks` per photo.
        predictions: one `Marks` per photo.
        names: of the classes, in label order.
        title: one line above all photos.
        layout: of the page; further photos are left out.
        note: a grey line below the title, followed by the legend.
        single: each photo has one prediction; write below it, in green or red, how good it is.
        captions: a grey line for each photo, such as its file name; a long one is written smaller,
            one that is still too long is left out.
        sizes_wh: width and height that the boxes refer to, if not those of the photo; a photo
            squashed to a square is drawn in these proportions.
    """
    width, height = layout.size_wh
    shown = range(min(len(photos), layout.rows * layout.columns))
    sizes = sizes_wh if len(sizes_wh) else [photo.shape[1::-1] for photo in photos]
    views = [View.of(layout, place, sizes[place]) for place in shown]
    page = np.full((height, width, 3), 255, np.uint8)
    for place, view in zip(shown, views, strict=True):
        view.paste(page, photos[place])
    figure = figure_of(width / _DPI, height / _DPI, _DPI)
    axes = page_axes(figure, page)
    key = _key(truths[: len(views)], predictions[: len(views)])
    _write(axes, title, (GAP, TITLE / 2), _FONT + 4, "black", width - 2 * GAP)
    words = "    ".join(filter(None, (note, key)))
    _write(axes, words, (GAP, TITLE + 8), _FONT - 0.5, _QUIET, width - 2 * GAP)
    for place, view in zip(shown, views, strict=True):
        truth, predicted = truths[place], predictions[place]
        crowded = len(predicted.boxes) > CROWD
        _draw_truth(axes, view.to_page(truth.boxes), truth.ignore, crowded)
        _draw_predictions(axes, view, predicted, names)
        told = verdict(truth, predicted, names) if single else ("", True)
        room = _write_verdict(axes, view, *told)
        caption = drawable(captions[place]) if len(captions) else ""
        _write_caption(axes, view, caption, room)
        if crowded:
            _count_below(axes, view, predicted.labels, names)
    save_png(figure, path)


def _key(truths: Sequence[Marks], predictions: Sequence[Marks]) -> str:
    """Return the legend, with only the kinds of lines that are drawn."""
    kinds = {
        "dashed white: truth": any(len(marks.boxes) for marks in truths),
        "dotted grey: truth not counted": any(np.any(marks.ignore) for marks in truths),
        "colour: prediction": any(len(marks.boxes) for marks in predictions),
    }
    return "    ".join(kind for kind, present in kinds.items() if present)


def _draw_truth(axes: Axes, boxes: np.ndarray, ignore: np.ndarray, crowded: bool) -> None:
    """Draw thin dashed white boxes on top of everything; ignored objects dotted and grey."""
    width = 0.9 if crowded else 1.2
    for row, box in enumerate(boxes):
        ignored = bool(len(ignore) and ignore[row])
        color, dashes = ("0.75", (0, (1, 2))) if ignored else ("white", (0, (4, 4)))
        _rectangle(axes, box, "black", width + 0.9, zorder=1.5)
        _rectangle(axes, box, color, width, dashes, zorder=3.5)


def _draw_predictions(axes: Axes, view: View, predicted: Marks, names: Sequence[str]) -> None:
    """Draw boxes in class colours, tagged with name and score, the best one on top."""
    boxes, count = view.to_page(predicted.boxes), len(predicted.boxes)
    labels = predicted.labels if len(predicted.labels) else np.full(count, -1)
    ranking = (
        np.argsort(-predicted.scores, kind="stable") if len(predicted.scores) else np.arange(count)
    )
    width = 1.3 if count > CROWD else 2.2
    taken: list[tuple[float, float, float, float]] = []
    for rank, row in enumerate(ranking[:count]):
        color = class_color(int(labels[row]))
        above = 1 / (1 + rank)
        _rectangle(axes, boxes[row], "black", width + 1.2, zorder=2 + above)
        _rectangle(axes, boxes[row], color, width, zorder=2 + above)
        words = [names[labels[row]]] if labels[row] >= 0 else []
        words += [two_digits(predicted.scores[row])] if len(predicted.scores) else []
        if words and count <= CROWD:
            _tag(axes, view, predicted.boxes[row], " ".join(words), color, taken, 4 + above)


def _rectangle(
    axes: Axes,
    box: np.ndarray,
    color: str | tuple[float, float, float],
    width: float,
    dashes: str | tuple[int, tuple[int, int]] = "solid",
    zorder: float = 2.0,
) -> None:
    """Draw the outline of one xyxy box."""
    axes.add_artist(  # `add_patch` would also adapt the limits of the axes
        Rectangle(
            (box[0], box[1]),
            box[2] - box[0],
            box[3] - box[1],
            fill=False,
            edgecolor=color,
            linewidth=width,
            linestyle=dashes,
            joinstyle="miter",
            zorder=zorder,
        )
    )


def _tag(
    axes: Axes,
    view: View,
    box: np.ndarray,
    words: str,
    color: tuple[float, float, float],
    taken: list[tuple[float, float, float, float]],
    zorder: float,
) -> None:
    """Write black text on the class colour at a corner of the box, if there is a free one."""
    text = axes.text(0, 0, words, size=_FONT - 1, va="top", zorder=zorder, parse_math=False)
    text.set_bbox({"facecolor": color, "edgecolor": "black", "linewidth": 0.6, "pad": _TAG_PAD})
    extent = text.get_window_extent()  # in pixels, as the page
    border = 2 * _TAG_PAD + 2
    size_wh = (extent.width + border, extent.height + border)
    place = free_place(view.to_cell(box[None])[0], size_wh, view.cell, taken)
    if place is None:
        text.remove()
        return
    taken.append(place)
    left, top = view.corner
    text.set_position((left + place[0] + border / 2, top + place[1] + border / 2))


def _write_verdict(axes: Axes, view: View, words: str, right: bool) -> float:
    """Write the verdict on the prediction below a photo, at the right; return the width left."""
    if not words:
        return view.cell
    (left, top), color = view.corner, _RIGHT if right else _WRONG
    place = (left + view.cell, top + view.cell + 4)
    text = _write(axes, words, place, _FONT, color, view.cell, va="top", ha="right")
    return view.cell - text.get_window_extent().width - 4


def _write_caption(axes: Axes, view: View, words: str, room: float) -> None:
    left, top = view.corner
    place = (left, top + view.cell + 4)
    _write(axes, words, place, _FONT - 1.5, _QUIET, room, va="top")


def _write(
    axes: Axes,
    words: str,
    place: tuple[float, float],
    size: float,
    color: str,
    room: float,
    va: str = "center",
    ha: str = "left",
) -> Text:
    """Write a text, shrunk to fit into `room` pixels; hide it if that makes it illegible."""
    text = axes.text(*place, words, size=size, color=color, va=va, ha=ha, parse_math=False)
    smallest = _SMALLEST_CAPTION * size
    while text.get_window_extent().width > room:  # font sizes change in steps
        size *= 0.9
        text.set_fontsize(size)
        if size < smallest:
            text.set_visible(False)
            break
    return text


def _count_below(axes: Axes, view: View, labels: np.ndarray, names: Sequence[str]) -> None:
    """Write below a crowded photo how many boxes of each class it has, on the class colours."""
    left, top = view.corner
    x = float(left)
    for label, count in Counter(labels.tolist()).most_common():
        words = f"{count} {names[label]}"
        text = axes.text(x + 2, top + view.cell + 18, words, va="top", size=_FONT - 1.5)
        text.set_parse_math(False)
        text.set_bbox({"facecolor": class_color(label), "edgecolor": "none", "pad": _TAG_PAD})
        x += text.get_window_extent().width + 10
        if x > left + view.cell:
            text.remove()
            return
