"""The ladder's table of results: one row per rung, readable on a terminal and in a log."""

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from pipeline.evaluate.result_files import MetricInterval

_WIDTH = 120
METRICS = {  # title, digits after the point
    "accuracy": ("accuracy", 3),
    "l1_px": ("L1 px", 1),
    "mean_iou": ("mean IoU", 3),
    "voc_map_50": ("VOC mAP@.5", 3),
    "voc_map_50_11pt": ("11-point", 3),
    "coco_map": ("COCO mAP", 3),
}


@dataclass(frozen=True)
class Row:
    """One rung of the table.

    Attributes:
        rung: its name.
        metrics: on the split that is shown; cells of missing ones stay empty.
        epochs: how many it was trained for.
        seconds: how long the training took; None if it came from DVC's cache.
        run: its run in MLflow, in a word.
        intervals: of the metrics that have one, from `evaluation/RUNG/intervals.csv`.
    """

    rung: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    epochs: int | None = None
    seconds: float | None = None
    run: str = ""
    intervals: Sequence[MetricInterval] = ()


def print_ladder(rows: Iterable[Row], split: str, closing: Iterable[str] = ()) -> None:
    """Print the table and the lines below it to stdout, 120 columns wide; plain text in a log."""
    console = Console(file=sys.stdout, width=_WIDTH, highlight=False)
    rows = list(rows)
    console.print(ladder_table(rows, split))
    for line in notes_on(rows):
        console.print(line, markup=False, soft_wrap=True)
    for line in closing:
        console.print(line, markup=False, soft_wrap=True)


def ladder_table(rows: Iterable[Row], split: str) -> Table:
    """Return the table of results on one split, with the 95 % interval below each metric."""
    table = Table(title=f"The ladder, {split} split", title_justify="left", title_style="bold")
    table.add_column("rung")
    for name in (*(title for title, _ in METRICS.values()), "epochs", "train min"):
        table.add_column(name, justify="right")
    table.add_column("MLflow run")
    for row in rows:
        intervals = {one.metric: one for one in row.intervals}
        numbers = [
            _number(row.metrics.get(key), digits) + _range(intervals.get(key), digits)
            for key, (_, digits) in METRICS.items()
        ]
        minutes = _number(None if row.seconds is None else row.seconds / 60, 1)
        epochs = "" if row.epochs is None else str(row.epochs)
        table.add_row(row.rung, *numbers, epochs, minutes, row.run)
    return table


def metric_text(one: MetricInterval, digits: int) -> str:
    """Return a metric with its interval, as far as they are known.

    >>> metric_text(MetricInterval("val", "accuracy", 0.95, 0.9, 0.98, ""), 3)
    '0.950 (0.900 to 0.980)'

    Args:
        one: the metric.
        digits: after the point, see `METRICS`.
    """
    if math.isnan(one.value):
        return ""
    value = f"{one.value:.{digits}f}"
    if math.isnan(one.low):
        return value
    return f"{value} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def notes_on(rows: Iterable[Row]) -> list[str]:
    """Return the notes on the numbers, one line per metric of a rung that has one."""
    return [
        f"{row.rung}: {one.metric}: {one.note}" for row in rows for one in row.intervals if one.note
    ]


def _range(interval: MetricInterval | None, digits: int) -> str:
    """Return the interval on a line of its own, `.944-.998`; empty if there is none."""
    if interval is None or math.isnan(interval.low):
        return ""
    ends = (f"{end:.{digits}f}" for end in (interval.low, interval.high))
    return "\n" + "-".join(end.removeprefix("0") if digits > 1 else end for end in ends)


def _number(value: float | None, digits: int) -> str:
    if value is None:
        return ""
    return f"{value:.{digits}f}" if math.isfinite(value) else str(value)
