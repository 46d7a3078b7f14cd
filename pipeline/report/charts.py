"""Bars of errors and of sizes, the confusion matrix, and how well anchors fit."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from pipeline.evaluate.anchor_fit import FITS, AnchorFit
from pipeline.evaluate.confusion import NO_OBJECT, NOT_FOUND
from pipeline.evaluate.result_files import ErrorKind, ObjectFit
from pipeline.evaluate.size_ap import SizeAp
from pipeline.report.figures import LARGEST_SIDE, figure_of, save_png

_BAR, _QUIET = "#1f5fa8", "#666666"
_DPI = 100
_CLASSES, _OTHERS = 40, "(other classes)"  # in a confusion matrix; more would be illegible
# Inches; with many classes the cells shrink instead of the picture growing. Names are outside them.
_CELL, _LARGEST, _NAMES = 0.46, LARGEST_SIDE / _DPI - 2.2, 2.2
_FONT, _DIGIT = 9.0, 0.75  # points; width of a digit, with its gap, as a share of the font size


def error_bars(
    path: Path, errors: Sequence[ErrorKind], sizes: Sequence[SizeAp], title: str
) -> None:
    """Write a PNG of three bar charts: the cost of each kind of error, its frequency, AP by size.

    Args:
        path: the PNG.
        errors: count and gain of each kind; a NaN gain has no bar.
        sizes: AP of the objects of each size, with its interval; NaN has no bar.
        title: one line above all charts.
    """
    figure = figure_of(13.2, 3.6)
    figure.set_layout_engine("constrained")
    figure.suptitle(title, size=13, parse_math=False)
    costs, frequencies, of_sizes = figure.subplots(1, 3)
    names = [error.kind for error in errors]
    gains = [error.d_ap for error in errors]
    _bars(costs, names, gains, [_share(gain) for gain in gains])
    costs.set_title("what fixing one kind adds to mAP@.5", size=11, loc="left")
    counts = [error.count for error in errors]
    _bars(frequencies, names, counts, [str(count) for count in counts])
    frequencies.set_title("errors among the boxes that become labels", size=11, loc="left")
    names = [f"{size.size}\n{size.objects} objects" for size in sizes]
    aps = [size.ap for size in sizes]
    _bars(of_sizes, names, aps, [""] * len(sizes))
    for place, size in enumerate(sizes):
        _whisker(of_sizes, place, size)
    of_sizes.set(xlim=(0, 1.55), xticks=(0, 0.5, 1))
    of_sizes.set_title("AP@.5 by size, all classes; 95 % interval", size=11, loc="left")
    save_png(figure, path)


def _whisker(axes: Axes, place: int, size: SizeAp) -> None:
    """Draw the interval of a bar, and write value and interval after it."""
    known = not np.isnan(size.low)
    if known:
        axes.plot([size.low, size.high], [place, place], color="black", linewidth=1.4, marker="|")
    words = _share(size.ap) + (f"  ({size.low:.2f} to {size.high:.2f})" if known else "")
    end = np.nanmax([size.ap, size.high, 0.0])
    axes.text(end + 0.03, place, words, va="center", size=9)


def confusion_picture(path: Path, matrix: np.ndarray, names: Sequence[str], title: str) -> None:
    """Write a PNG of a confusion matrix: counts, shaded by their share of the row.

    Of more than 40 classes, those with the most errors are drawn and the others pooled into one.

    Args:
        path: the PNG.
        matrix: `(C + 1, C + 1)` from `confusion_matrix`; if each photo has one prediction, nothing
            is missed or background, and that row and column are left out.
        names: of the C classes, in label order.
        title: one line above the matrix.
    """
    if len(names) > _CLASSES:
        title += f"; the {_CLASSES} of {len(names)} classes with most errors"
        matrix, names = _pool_others(matrix, names)
    one_answer = not matrix[-1].any() and not matrix[:, -1].any() and len(names)
    rows, columns = [*names, NO_OBJECT], [*names, NOT_FOUND]
    if one_answer:
        matrix, rows, columns = matrix[:-1, :-1], list(names), list(names)
    count = len(matrix)
    cell = min(_CELL, _LARGEST / count)
    size = min(_FONT, 72 * cell)
    count_size = min(size, 72 * cell / (_DIGIT * len(str(matrix.max()))))
    side = count * cell
    figure = figure_of(max(side + _NAMES, 5), side + _NAMES)
    figure.set_layout_engine("constrained")
    figure.suptitle(title, size=12, parse_math=False)
    axes = figure.subplots()
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(matrix):
        color = "white" if share[row, column] > 0.5 else "black"
        words = str(matrix[row, column])
        axes.text(column, row, words, color=color, ha="center", va="center", size=count_size)
    axes.set_xticks(range(count), columns, rotation=90, size=size, parse_math=False)
    axes.set_yticks(range(count), rows, size=size, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if not one_answer:
        axes.axhline(count - 1.5, color=_QUIET, linewidth=1)
        axes.axvline(count - 1.5, color=_QUIET, linewidth=1)
    axes.set(xlabel="predicted", ylabel="truth")
    save_png(figure, path)


def _pool_others(matrix: np.ndarray, names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Return the matrix of the classes with the most errors, in label order, and the rest as one.

    The last row and column keep their meaning.
    """
    wrong = matrix.sum(0) + matrix.sum(1) - 2 * np.diag(matrix)
    drawn = np.sort(np.argsort(-wrong[:-1], kind="stable")[:_CLASSES])
    place = np.full(len(matrix), _CLASSES)
    place[drawn] = np.arange(_CLASSES)
    place[-1] = _CLASSES + 1
    pooled = np.zeros((_CLASSES + 2, _CLASSES + 2), dtype=int)
    np.add.at(pooled, (place[:, None], place[None]), matrix)
    return pooled, [*(names[label] for label in drawn), _OTHERS]


def anchor_picture(
    path: Path, fits: Sequence[AnchorFit], objects: Sequence[ObjectFit], title: str
) -> None:
    """Write a PNG: the share of objects with a fitting anchor, and the best IoU against their side.

    Args:
        path: the PNG.
        fits: for all objects and for each size.
        objects: side and best IoU of each.
        title: one line above both.
    """
    figure = figure_of(11, 3.8)
    figure.set_layout_engine("constrained")
    figure.suptitle(title, size=13, parse_math=False)
    shares, points = figure.subplots(1, 2, width_ratios=(1, 1.6))
    names = [f"{fit.size}\n{fit.objects} objects" for fit in fits]
    bars = shares.bar(names, np.nan_to_num([fit.fitting for fit in fits]), color=_BAR)
    shares.bar_label(bars, [f"{fit.fitting:.2f}" if fit.objects else "" for fit in fits])
    shares.set(ylim=(0, 1.1), yticks=(0, 0.5, 1))
    shares.set_title("share with an anchor of IoU > .5", size=11, loc="left")
    sides, best_iou = [fit.side for fit in objects], [fit.best_iou for fit in objects]
    points.scatter(sides, best_iou, s=5, color=_BAR, alpha=0.3, linewidths=0)
    points.axhline(FITS, color=_QUIET, linewidth=1, linestyle=":")
    points.set(xlabel="root of the object's area, input pixels", ylim=(0, 1))
    points.set_title("IoU with the best anchor", size=11, loc="left")
    save_png(figure, path)


def _bars(axes: Axes, names: Sequence[str], values: Sequence[float], labels: Sequence[str]) -> None:
    """Draw horizontal bars, the first on top, each followed by its value."""
    bars = axes.barh(range(len(names)), np.nan_to_num(values), color=_BAR, height=0.62)
    axes.bar_label(bars, labels, padding=4, size=10)
    axes.set_yticks(range(len(names)), names, size=10)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.2 * max([*np.nan_to_num(values), 1e-3]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="0.92")
    axes.set_axisbelow(True)


def _share(value: float) -> str:
    """Return a share with three digits, or a dash if it is unknown."""
    return "-" if np.isnan(value) else f"{value:.3f}"
