"""Pictures of numbers: precision and recall, the history of a training, the search for a rate."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.evaluate.voc_ap import VocResult
from pipeline.report.figures import save_png

_LINE, _FILL, _QUIET, _MARK = "#1f5fa8", "#cfe0f3", "#666666", "#c4161c"
_COLUMNS = 5


def precision_recall(path: Path, result: VocResult, names: Sequence[str], title: str = "") -> None:
    """Write a PNG with one small plot a class: precision against recall, AP and objects.

    The line is what was measured; the filled area under its envelope is the AP.

    Args:
        path: the PNG.
        result: curves in label order.
        names: of the classes, in label order.
        title: one line above all plots; the mean APs follow it.
    """
    columns = min(_COLUMNS, max(1, len(names)))
    rows = max(1, math.ceil(len(names) / columns))
    figure = Figure(figsize=(max(2.6 * columns, 7), 2.5 * rows + 0.9), layout="constrained")
    means = f"mean AP {result.mean_ap:.3f} (area), {result.mean_ap_11pt:.3f} (11-point)"
    figure.suptitle("   ".join(filter(None, [title, means])), size=13, parse_math=False)
    plots = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes in plots.flat[len(names) :]:
        axes.set_visible(False)
    for axes, curve, name in zip(plots.flat, result.curves, names, strict=False):
        axes.set(xlim=(0, 1.02), ylim=(0, 1.04), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        axes.grid(color="0.92")
        axes.set_axisbelow(True)
        found = f"  AP {curve.ap:.2f}" if curve.positives else ""
        axes.set_title(f"{name}{found}", size=11, loc="left", parse_math=False)
        axes.text(0.04, 0.05, f"{curve.positives} objects", size=9, color=_QUIET)
        if curve.positives and len(curve.recall):
            envelope = np.maximum.accumulate(curve.precision[::-1])[::-1]
            recall, envelope = np.append(0, curve.recall), np.append(envelope[0], envelope)
            axes.fill_between(recall, envelope, step="pre", color=_FILL, linewidth=0)
            axes.plot(curve.recall, curve.precision, color=_LINE, linewidth=1.4)
    figure.supxlabel("recall", size=11)
    figure.supylabel("precision", size=11)
    save_png(figure, path)


def history_curves(path: Path, history: Sequence[Mapping], title: str = "") -> None:
    """Write a PNG with one plot for each quantity over the epochs, train and val, and the rate.

    Args:
        path: the PNG.
        history: one row an epoch: `epoch`, `phase`, `lr` (the head's), `train` and `val`, which map
            names of losses or metrics to values.
        title: one line above all plots.
    """
    seen = [name for row in history for part in ("train", "val") for name in row[part]]
    quantities = list(dict.fromkeys(seen))  # in order of appearance
    count = len(quantities) + 1
    columns = 2 if count in (2, 4) else min(3, count)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(4.6 * columns, 3.1 * rows + 0.4), layout="constrained")
    figure.suptitle(title, size=13, parse_math=False)
    plots = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in plots[count:]:
        axes.set_visible(False)
    for axes, name in zip(plots, quantities, strict=False):
        _line(axes, history, lambda row, name=name: row["train"].get(name), _QUIET, "train")
        _line(axes, history, lambda row, name=name: row["val"].get(name), _LINE, "val")
        axes.set_title(name, size=11, loc="left")
        axes.legend(frameon=False, fontsize=9)
    rate = plots[len(quantities)]
    _line(rate, history, lambda row: row["lr"], _LINE, "lr")
    rate.set_title("learning rate of the head", size=11, loc="left")
    for axes in plots[:count]:
        axes.set_xlabel("epoch", size=9)
        axes.grid(color="0.92")
        axes.margins(y=0.14)  # for the names of the phases
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _mark_phases(axes, history)
    save_png(figure, path)


def learning_rate_curve(
    path: Path, rates: Sequence[float], losses: Sequence[float], suggestion: float | None
) -> None:
    """Write a PNG of the loss against the learning rate that was tried, and the rate to take.

    Args:
        path: the PNG.
        rates: ascending.
        losses: one for each rate; where they explode the plot cuts them off.
        suggestion: the rate to mark; None for no mark.
    """
    rates, losses = np.asarray(rates, dtype=float), np.asarray(losses, dtype=float)
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(rates, losses, color=_LINE, linewidth=1.6, marker=".", markersize=4)
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss")
    axes.grid(color="0.92")
    finite = losses[np.isfinite(losses)]
    if len(finite):
        low, start = finite.min(), finite[0]
        margin = 0.1 * (start - low) or 0.1 * abs(low) or 1.0
        axes.set_ylim(low - margin, start + 5 * margin)
    if suggestion is not None:
        axes.axvline(suggestion, color=_MARK, linewidth=1.4)
        axes.set_title(f"suggested learning rate {suggestion:.2g}", color=_MARK, size=12)
    save_png(figure, path)


def _line(axes: Axes, history: Sequence[Mapping], value_of, color: str, label: str) -> None:
    """Draw one quantity over the epochs that have it."""
    points = [(row["epoch"], value_of(row)) for row in history if value_of(row) is not None]
    if points:
        marker = "o" if len(points) == 1 else None
        axes.plot(*zip(*points, strict=True), color=color, label=label, marker=marker)


def _mark_phases(axes: Axes, history: Sequence[Mapping]) -> None:
    """Write each phase's name where it begins, after a dotted line between phases."""
    before = None
    for row in history:
        if row["phase"] == before:
            continue
        start = row["epoch"] - (0.5 if before else 0.0)
        if before:
            axes.axvline(start, color=_QUIET, linewidth=1, linestyle=":")
        axes.annotate(
            row["phase"],
            (start, 1),
            (3, -3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
            size=8,
            color=_QUIET,
        )
        before = row["phase"]
