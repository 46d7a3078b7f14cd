"""A comparison in words, shared by the terminal and the page."""

import math
from collections.abc import Sequence

from pipeline.compare.by_class import ClassChange
from pipeline.compare.by_photo import PhotoChange
from pipeline.compare.comparison import Comparison, RungComparison
from pipeline.compare.differences import FEWEST, Difference
from pipeline.errors import counted
from pipeline.report.ladder_table import METRICS

OTHER_CHANCE = (
    '"Chance" means which photos were sampled. Retraining with another seed, or on another kind of '
    "processor, also changes results; train several seeds to see how much."
)
METRIC_HEAD = ("rung", "metric", "A", "B", "B - A", "95 % interval", "better")
CLASS_HEAD = ("class", "A", "B", "B - A", "95 % interval", "photos", "beyond chance")
PHOTO_HEAD = ("photo", "objects", "only A finds", "only B finds", "A wrong", "B wrong")
SETTING_HEAD = ("parameter", "A", "B", "rungs")
ABOUT_CLASSES = (
    "Among many classes some differ by chance alone. Those marked beyond chance are still "
    "significant after Holm's correction for all classes."
)


def verdict(rung: RungComparison) -> str:
    """Return a line: which side of a rung is better, or that chance may explain the difference."""
    one = rung.headline
    title, digits = METRICS[one.metric]
    if math.isnan(one.change):
        return f"{rung.name}: unknown: no object to find in these photos"
    values = f"{title} {format_number(one.a, digits)} and {format_number(one.b, digits)}"
    if math.isnan(one.low):
        return f"{rung.name}: unknown: {values}, on too few photos for an interval"
    if not one.change and not one.low and not one.high:
        return f"{rung.name}: no difference beyond chance: {values}, no difference at all"
    between = f"95 % interval {signed(one.low, digits)} to {signed(one.high, digits)}"
    if one.better:
        by = format_number(abs(one.change), digits)
        return f"{rung.name}: {one.better} is better by {by}: {values}, B - A {between}"
    change = signed(one.change, digits)
    shown = f"{values}, B - A {change} ({between}){_why_not(one)}"
    return f"{rung.name}: no difference beyond chance: {shown}"


def _why_not(one: Difference) -> str:
    """Return why a difference is within chance although its interval excludes 0."""
    if not one.leaves_out_0:
        return ""
    if one.photos < FEWEST:
        return f", and only {counted(one.photos, 'photo')} differ{'s' if one.photos == 1 else ''}"
    return ", but the other bootstrap interval contains 0"


def notes(comparison: Comparison) -> list[str]:
    """Return notes on the photos and rungs that are not compared."""
    lines = list(comparison.missing)
    seen: dict[str, list[str]] = {}
    for rung in comparison.rungs:
        left, count = rung.common.left_out, len(rung.common.images)
        parts = [
            f"{photos} {what}"
            for photos, what in (
                (left.only_in_a, "only in A"),
                (left.only_in_b, "only in B"),
                (left.other_truth, "with different objects in B"),
            )
            if photos
        ]
        if parts:
            on = f"compared on {counted(count, 'photo')}{of_whom(comparison)}"
            line = f"{on}; left out: {', '.join(parts)}"
            seen.setdefault(line, []).append(rung.name)
    return lines + [f"{', '.join(rungs)}: {line}" for line, rungs in seen.items()]


def of_whom(comparison: Comparison) -> str:
    """Return what follows "photos": the split, or that each side has photos of its own."""
    a, b = comparison.a.split, comparison.b.split
    if a and b:
        return ""
    if a or b:
        split = comparison.split
        return f" of A and of B's {split}" if a else f" of A's {split} and of B"
    return f" of {comparison.split}"


def metric_rows(rungs: Sequence[RungComparison]) -> list[list[str]]:
    """Return one row per metric of each rung, under `METRIC_HEAD`."""
    return [
        [rung.name if not place else "", *_metric_cells(one)]
        for rung in rungs
        for place, one in enumerate(rung.differences)
    ]


def _metric_cells(one: Difference) -> list[str]:
    title, digits = METRICS[one.metric]
    ends = interval_words(one.low, one.high, digits)
    numbers = [
        format_number(one.a, digits),
        format_number(one.b, digits),
        signed(one.change, digits),
    ]
    return [title, *numbers, ends, one.better or "-"]


def class_rows(classes: Sequence[ClassChange]) -> list[list[str]]:
    """Return one row per class, under `CLASS_HEAD`."""
    return [
        [
            one.name,
            format_number(one.a, 3),
            format_number(one.b, 3),
            signed(one.change, 3),
            interval_words(one.low, one.high, 3),
            str(one.photos),
            ("rose" if one.change > 0 else "fell") if one.beyond_chance else "",
        ]
        for one in classes
    ]


def photo_row(one: PhotoChange) -> list[str]:
    """Return the row of a photo, under `PHOTO_HEAD`."""
    numbers = (one.objects, one.only_a, one.only_b, one.wrong_a, one.wrong_b)
    return [one.file_name, *map(str, numbers)]


def photos_line(rung: RungComparison) -> str:
    """Return a line on how many objects, in how many photos, only one side finds."""
    a, b = (sum(1 for one in rung.photos if getattr(one, side)) for side in ("only_a", "only_b"))
    objects = sum(one.only_a for one in rung.photos), sum(one.only_b for one in rung.photos)
    by_a = f"{counted(objects[0], 'object')} in {counted(a, 'photo')}"
    return (
        f"A alone finds {by_a}, B alone {objects[1]} in {b}, "
        f"of {counted(len(rung.common.images), 'photo')}"
    )


def setting_rows(comparison: Comparison) -> list[list[str]]:
    """Return one row per parameter that differs, under `SETTING_HEAD`."""
    every = len(comparison.rungs)
    return [
        [one.key, one.a, one.b, "all" if len(one.rungs) == every else ", ".join(one.rungs)]
        for one in comparison.settings
    ]


def inputs_line(comparison: Comparison) -> str:
    """Return which code and data differ; nothing if none does."""
    return f"different inputs: {', '.join(comparison.inputs)}" if comparison.inputs else ""


def format_number(value: float, digits: int) -> str:
    """Return a metric as in the ladder's table; nothing if it is unknown.

    >>> format_number(0.6123, 3), format_number(float("nan"), 3)
    ('0.612', '')
    """
    return f"{value:.{digits}f}" if math.isfinite(value) else ""


def signed(value: float, digits: int) -> str:
    """Return a change with its sign.

    >>> signed(0.0213, 3), signed(-0.00001, 3)
    ('+0.021', '0.000')
    """
    if not math.isfinite(value):
        return ""
    rounded = round(value, digits) + 0.0  # the sum turns -0.0 into 0.0
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"


def interval_words(low: float, high: float, digits: int) -> str:
    """Return the interval of a change; nothing if it is unknown."""
    return "" if math.isnan(low) else f"{signed(low, digits)} to {signed(high, digits)}"
