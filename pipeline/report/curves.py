"""Plots of precision and recall, of training history and of the learning-rate finder."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipeline.evaluate.result_files import ClassAp, CurvePoint
from pipeline.report.figures import figure_of, save_png

_LINE, _FILL, _QUIET, _MARK = "#1f5fa8", "#cfe0f3", "#666666", "#c4161c"
_PANELS = 20  # of classes; with more classes, only the worst and the best are drawn
_PANEL_WH = (2.55, 2.3)  # inches, margins included
_TITLE, _BOTTOM, _LEFT = 0.35, 0.2, 0.55


def precision_recall(
    path: Path,
    classes: Sequence[ClassAp],
    points: Sequence[CurvePoint],
    names: Sequence[str],
    title: str = "",
) -> None:
    """Write a PNG with one small plot per class: precision against recall, AP and objects.

    The line runs through the true positives of the ranking; the filled area under its envelope is
    the AP. Of more than 20 classes, the worst ten and the best ten are drawn, as the title says.

    Args:
        path: the PNG.
        classes: in label order.
        points: true positives of all classes, those of one class by descending score.
        names: of the classes as shown in the picture.
        title: one line above all plots; the mean APs follow it.
    """
    labels, drawn = _worth_drawing(classes)
    rows, columns = _rows_and_columns(len(labels))
    width, height = columns * _PANEL_WH[0] + _LEFT, rows * _PANEL_WH[1] + _TITLE + _BOTTOM
    figure = figure_of(max(width, 7), height)
    means = f"mean AP {_mean(c.ap for c in classes)} (area), "
    means += f"{_mean(c.ap_11pt for c in classes)} (11-point)"
    words = "   ".join(filter(None, [title, means, drawn]))
    figure.suptitle(words, size=12, y=1 - 0.16 / height, parse_math=False)
    by_class: dict[str, list[CurvePoint]] = {}
    for point in points:
        by_class.setdefault(point.name, []).append(point)
    for place, label in enumerate(labels):
        row, column = divmod(place, columns)
        box = (
            column * _PANEL_WH[0] + _LEFT,
            height - _TITLE - (row + 1) * _PANEL_WH[1] + 0.3,
            _PANEL_WH[0] - 0.35,
            _PANEL_WH[1] - 0.65,
        )
        left, bottom, *size = np.divide(box, (max(width, 7), height) * 2).tolist()
        axes = figure.add_axes((left, bottom, size[0], size[1]))
        _curve(axes, classes[label], by_class.get(classes[label].name, []), names[label])
        # Tick labels only below the last panel of each column, wherever that is.
        axes.tick_params(labelbottom=place + columns >= len(labels), labelleft=column == 0)
    figure.supxlabel("recall", size=11, y=0.08 / height)
    figure.supylabel("precision", size=11, x=0.06 / max(width, 7))
    save_png(figure, path)


def _worth_drawing(classes: Sequence[ClassAp]) -> tuple[list[int], str]:
    """Return the labels to draw, and in words which they are if not all."""
    if len(classes) <= _PANELS:
        return list(range(len(classes))), ""
    known = [label for label, one in enumerate(classes) if not math.isnan(one.ap)]
    known.sort(key=lambda label: classes[label].ap)
    if len(known) <= _PANELS:
        return known, f"{len(known)} of {len(classes)} classes have objects"
    half = _PANELS // 2
    return known[:half] + known[-half:], f"the worst and best {half} of {len(known)} classes"


def _rows_and_columns(count: int) -> tuple[int, int]:
    """Return a grid with few empty places, at most five columns wide.

    >>> _rows_and_columns(6), _rows_and_columns(20), _rows_and_columns(7)
    ((2, 3), (4, 5), (2, 4))
    """
    if count <= 3:
        return 1, max(1, count)
    columns = min((5, 4, 3), key=lambda c: (-count % c, -c))
    return math.ceil(count / columns), columns


def _curve(axes: Axes, one: ClassAp, points: Sequence[CurvePoint], name: str) -> None:
    axes.set(xlim=(0, 1.02), ylim=(0, 1.04), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
    found = f"AP {one.ap:.2f}" if one.objects else "no AP"
    axes.set_title(name, size=10, loc="left", parse_math=False)
    axes.set_title(f"{found}, {one.objects} obj.", size=8, loc="right", color=_QUIET)
    if points:
        recall = np.array([point.recall for point in points])
        precision = np.array([point.precision for point in points])
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        corners = np.append(0, recall), np.append(envelope[0], envelope)
        axes.fill_between(*corners, step="pre", color=_FILL, linewidth=0)
        axes.plot(np.append(0, recall), np.append(precision[0], precision), color=_LINE)


def _mean(values: Iterable[float]) -> str:
    known = [value for value in values if not math.isnan(value)]
    return f"{sum(known) / len(known):.3f}" if known else "-"


def history_curves(path: Path, history: Sequence[Mapping[str, str]], title: str = "") -> None:
    """Write a PNG with one plot over the epochs per quantity, train and val, and one of the rate.

    Args:
        path: the PNG.
        history: one row per epoch as in `history.csv`: `epoch`, `phase`, `lr` (of the head),
            `train_*` and `val_*`; missing values are empty.
        title: one line above all plots.
    """
    columns_read = list(history[0]) if history else []
    parts = [name.split("_", 1)[1] for name in columns_read if name.startswith(("train_", "val_"))]
    quantities = list(dict.fromkeys(parts))  # in order of appearance
    count = len(quantities) + 1
    columns = 2 if count in (2, 4) else min(3, count)
    rows = math.ceil(count / columns)
    figure = figure_of(4.6 * columns, 3.1 * rows + 0.4)
    figure.set_layout_engine("constrained")
    figure.suptitle(title, size=13, parse_math=False)
    plots = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in plots[count:]:
        axes.set_visible(False)
    for axes, name in zip(plots, quantities, strict=False):
        _line(axes, history, f"train_{name}", _QUIET, "train")
        _line(axes, history, f"val_{name}", _LINE, "val")
        axes.set_title(name, size=11, loc="left")
        axes.legend(frameon=False, fontsize=9)
    rate = plots[len(quantities)]
    _line(rate, history, "lr", _LINE, "lr")
    rate.set_title("learning rate of the head, and the phases", size=11, loc="left")
    for axes in plots[:count]:
        axes.set_xlabel("epoch", size=9)
        axes.grid(color="0.92")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _mark_phases(axes, history, named=axes is rate)
    save_png(figure, path)


def learning_rate_curve(
    path: Path, tried: Sequence[float], losses: Sequence[float], suggestion: float | None
) -> None:
    """Write a PNG of the loss against the learning rates tried, with the suggested rate.

    Args:
        path: the PNG.
        tried: learning rates, ascending.
        losses: one per rate; the plot cuts them off if they explode.
        suggestion: the rate to mark; None for no mark.
    """
    rates, measured = np.asarray(tried, dtype=float), np.asarray(losses, dtype=float)
    figure = figure_of(7, 4.2)
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    axes.plot(rates, measured, color=_LINE, linewidth=1.6, marker=".", markersize=4)
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
    axes.grid(color="0.92")
    finite = measured[np.isfinite(measured)]
    if len(finite):
        low, start = finite.min(), finite[0]
        margin = 0.1 * (start - low) or 0.1 * abs(low) or 1.0
        axes.set_ylim(low - margin, start + 5 * margin)
    if suggestion is not None:
        axes.axvline(suggestion, color=_MARK, linewidth=1.4)
        axes.set_title(f"suggested learning rate {suggestion:.2g}", color=_MARK, size=12)
    save_png(figure, path)


def _line(
    axes: Axes, history: Sequence[Mapping[str, str]], column: str, color: str, label: str
) -> None:
    """Draw one quantity over the epochs that have it."""
    points = [(int(row["epoch"]), float(row[column])) for row in history if row.get(column)]
    if points:
        marker = "o" if len(points) == 1 else None
        axes.plot(*zip(*points, strict=True), color=color, label=label, marker=marker)


def _mark_phases(axes: Axes, history: Sequence[Mapping[str, str]], named: bool) -> None:
    """Draw a dotted line between phases, optionally with their names, one below the other.

    A phase may be one epoch of a hundred, so that names side by side would overlap.
    """
    starts = [
        (int(row["epoch"]), row["phase"])
        for before, row in zip([None, *history], history, strict=False)
        if before is None or before["phase"] != row["phase"]
    ]
    for place, (epoch, phase) in enumerate(starts):
        start = epoch - 0.5 if place else epoch
        if place:
            axes.axvline(start, color=_QUIET, linewidth=1, linestyle=":")
        if named:
            axes.annotate(
                phase,
                (start, 1),
                (3, -3 - 10 * place),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                va="top",
                size=8,
                color=_QUIET,
            )
    if named and starts:
        axes.margins(y=0.1 + 0.1 * len(starts))
