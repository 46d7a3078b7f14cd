"""Whether a model may replace the champion, and if not, which figures fell."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

from pipeline.compare.comparison import RungComparison
from pipeline.compare.differences import LESS_IS_BETTER, Difference
from pipeline.errors import InputError
from pipeline.params.params import PromoteParams


@dataclass(frozen=True)
class Fall:
    """A figure because of which a model is refused.

    Attributes:
        what: the metric, or the class.
        champion: its figure; NaN if there is no champion.
        candidate: the figure of the model itself.
        limit: what it must reach; for L1, what it must not exceed.
        why: which rule refuses it.
    """

    what: str
    champion: float
    candidate: float
    limit: float
    why: str


def falls(comparison: RungComparison, rules: PromoteParams) -> list[Fall]:
    """Return why a candidate may not replace the champion; nothing if it may.

    A candidate is worse only if it is worse by more than the tolerance and also beyond chance. On
    few photos an equal model is often worse by more than any useful tolerance; on many photos even
    a tiny loss is beyond chance.

    Args:
        comparison: of the champion, A, and the candidate, B, on the same photos.
        rules: what is tolerated.

    Raises:
        InputError: a floor is set for a metric that the rung does not have.
    """
    headline = comparison.headline
    found = [_fall_of(headline, rules.tolerance)] if _is_worse(headline, rules.tolerance) else []
    for one in comparison.classes:
        limit = (1 - rules.class_drop) * one.a
        if one.beyond_chance and one.b < limit:
            found.append(Fall(one.name, one.a, one.b, limit, "collapsed"))
    return found + below_floors(comparison, rules.floors, champion=True)


def below_floors(
    comparison: RungComparison, floors: Mapping[str, float], *, champion: bool
) -> list[Fall]:
    """Return the metrics of B that miss their floor; one that was not measured misses it.

    Args:
        comparison: its B is judged.
        floors: by metric; those for metrics that this rung does not have are ignored.
        champion: whether A is the champion; otherwise A is ignored.

    Raises:
        InputError: no rung has such a metric.
    """
    figures = {one.metric: (one.a if champion else nan, one.b) for one in comparison.differences}
    if unknown := [metric for metric in floors if metric not in _METRICS]:
        raise InputError(
            f"params.yaml: promote.floors.{unknown[0]}: no such metric; "
            f"there are {', '.join(_METRICS)}"
        )
    reached = {one: figures.get(one, (nan, nan)) for one in comparison.common.tasks[1].metrics}
    return [
        Fall(metric, *reached[metric], floor, "floor")
        for metric, floor in floors.items()
        if metric in reached and _misses(metric, reached[metric][1], floor)
    ]


def _is_worse(one: Difference, tolerance: float) -> bool:
    return one.better == "A" and _misses(one.metric, one.b, _limit(one, tolerance))


def _fall_of(one: Difference, tolerance: float) -> Fall:
    return Fall(one.metric, one.a, one.b, _limit(one, tolerance), "worse than the champion")


def _limit(one: Difference, tolerance: float) -> float:
    """Return what B must reach: for L1 a share above A, for the others an amount below A."""
    return one.a * (1 + tolerance) if one.metric in LESS_IS_BETTER else one.a - tolerance


def _misses(metric: str, value: float, limit: float) -> bool:
    """Return whether a value is on the wrong side of a limit; NaN always is."""
    return not (value <= limit if metric in LESS_IS_BETTER else value >= limit)


# What a comparison measures: a floor for any other metric would never be checked.
_METRICS = ("accuracy", "l1_px", "mean_iou", "voc_map_50")
