"""Pictures of errors: bars by kind and by size of object, and the confusion matrix."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.evaluate.confusion import NO_OBJECT, NOT_FOUND
from pipeline.evaluate.size_ap import SizeAp
from pipeline.report.figures import save_png

_BAR, _QUIET = "#1f5fa8", "#666666"
_CELL, _LARGEST = 0.46, 24.0  # inches; with many classes the cells shrink, not the picture grows
_FONT, _DIGIT = 9.0, 0.75  # points; width of a digit and its gap as a share of the size


def error_bars(
    path: Path,
    counts: Mapping[str, int],
    gains: Mapping[str, float],
    sizes: Sequence[SizeAp],
    title: str,
) -> None:
    """Write a PNG of three bar charts: what each kind of error costs, how often it is, AP by size.

    Args:
        path: the PNG.
        counts: number of errors by kind.
        gains: what mAP@.5 would gain without them, by the same kinds; NaN has no bar.
        sizes: AP of objects by size; NaN has no bar.
        title: one line above all charts.
    """
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    figure.suptitle(title, size=13, parse_math=False)
    costs, frequencies, of_sizes = figure.subplots(1, 3)
    _bars(costs, list(gains), list(gains.values()), [_share(gain) for gain in gains.values()])
    costs.set_title("what mending one kind adds to mAP@.5", size=11, loc="left")
    _bars(frequencies, list(counts), list(counts.values()), [str(n) for n in counts.values()])
    frequencies.set_title("errors, of any score", size=11, loc="left")
    names = [f"{size.size}\n{size.objects} objects" for size in sizes]
    values = [size.ap for size in sizes]
    _bars(of_sizes, names, values, [_share(value) for value in values])
    of_sizes.set(xlim=(0, 1.14), xticks=(0, 0.5, 1))
    of_sizes.set_title("mAP@.5 by size of object", size=11, loc="left")
    save_png(figure, path)


def confusion_picture(path: Path, matrix: np.ndarray, names: Sequence[str], title: str) -> None:
    """Write a PNG of a confusion matrix: counts, shaded by their share of the row.

    Args:
        path: the PNG.
        matrix: `(C + 1, C + 1)` of `confusion_matrix`.
        names: of the C classes, in label order.
        title: one line above the matrix.
    """
    count = len(matrix)
    cell = min(_CELL, _LARGEST / count)
    size = min(_FONT, 72 * cell)
    count_size = min(size, 72 * cell / (_DIGIT * len(str(matrix.max()))))
    side = count * cell
    figure = Figure(figsize=(max(side + 2, 5), side + 2.2), layout="constrained")
    figure.suptitle(title, size=13, parse_math=False)
    axes = figure.subplots()
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    middle = {"ha": "center", "va": "center", "size": count_size}
    for row, column in np.argwhere(matrix):
        color = "white" if share[row, column] > 0.5 else "black"
        axes.text(column, row, matrix[row, column], color=color, **middle)
    labels = {"size": size, "parse_math": False}
    axes.set_xticks(range(count), [*names, NOT_FOUND], rotation=90, **labels)
    axes.set_yticks(range(count), [*names, NO_OBJECT], **labels)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for border in (axes.axhline, axes.axvline):
        border(count - 1.5, color=_QUIET, linewidth=1)
    axes.set(xlabel="predicted", ylabel="truth")
    save_png(figure, path)


def _bars(axes: Axes, names: Sequence[str], values: Sequence[float], labels: Sequence[str]) -> None:
    """Draw horizontal bars, the first on top, each with its value behind it."""
    bars = axes.barh(range(len(names)), np.nan_to_num(values), color=_BAR, height=0.62)
    axes.bar_label(bars, labels, padding=4, size=10)
    axes.set_yticks(range(len(names)), names, size=10)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.2 * max([*np.nan_to_num(values), 1e-3]))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="0.92")
    axes.set_axisbelow(True)


def _share(value: float) -> str:
    """Return a share with three digits, and a dash where there is none."""
    return "-" if np.isnan(value) else f"{value:.3f}"
