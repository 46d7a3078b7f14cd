"""Two results compared, rung by rung."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.compare.by_class import ClassChange, changes_of_accuracy, changes_of_ap
from pipeline.compare.by_photo import (
    PhotoChange,
    all_objects_by_photo,
    label_scores_of,
    largest_by_photo,
)
from pipeline.compare.class_draws import draw_classes
from pipeline.compare.common_photos import CommonPhotos, common_photos
from pipeline.compare.differences import Difference, map_difference, mean_difference
from pipeline.compare.settings import Setting, differing_inputs, differing_settings
from pipeline.compare.sides.results import Side
from pipeline.compare.sides.rung_result import RungResult, read_rung
from pipeline.errors import InputError
from pipeline.evaluate.score import answers_for, judge_largest
from pipeline.progress import progress


@dataclass(frozen=True)
class RungComparison:
    """A rung of A compared with a rung of B.

    Attributes:
        name: of the rung, or of both.
        common: what both predicted for the same photos.
        differences: of the metrics, the headline metric first.
        classes: changes by class, the largest rise first; empty if classes are not predicted.
        photos: those in which one finds what the other misses, the largest differences first.
        label_scores: `(C,)` for A and for B; empty for rungs of the largest object.
    """

    name: str
    common: CommonPhotos
    differences: list[Difference]
    classes: list[ClassChange]
    photos: list[PhotoChange]
    label_scores: list[np.ndarray]

    @property
    def headline(self) -> Difference:
        """The difference in the headline metric, which decides."""
        return self.differences[0]


@dataclass(frozen=True)
class Comparison:
    """Two results side by side.

    Attributes:
        a, b: the results.
        split: the split whose photos were compared; empty if each side has photos of its own.
        rungs: in the order of the ladder.
        settings: parameters that differ.
        inputs: paths of code and data that differ.
        missing: a line for each rung that only one side has.
    """

    a: Side
    b: Side
    split: str
    rungs: list[RungComparison]
    settings: list[Setting]
    inputs: list[str]
    missing: list[str]


def compare_results(a: Side, b: Side, split: str, order: list[str]) -> Comparison:
    """Return two results side by side.

    Args:
        a: a result.
        b: another.
        split: the photos to compare on, `val` or `test`, for each result that has both.
        order: the names of rungs in the order in which to show them.

    Raises:
        InputError: they have nothing to compare.
    """
    pairs = pairs_of_rungs(a, b, order)
    shown = progress(pairs, desc="compare", unit="rungs") if len(pairs) > 1 else iter(pairs)
    rungs = [
        compare_rungs(common_photos(_read(a, mine, split), _read(b, other, split)))
        for mine, other in shown
    ]
    files = [(_name_of(mine, other), a.rungs[mine], b.rungs[other]) for mine, other in pairs]
    return Comparison(
        a,
        b,
        "" if a.split and b.split else split,
        rungs,
        differing_settings(files),
        differing_inputs(files),
        _missing(a, b),
    )


def _read(result: Side, rung: str, split: str) -> RungResult:
    return read_rung(result, rung, result.split or split)


def pairs_of_rungs(a: Side, b: Side, order: list[str]) -> list[tuple[str, str]]:
    """Return which rung of A is compared with which of B.

    By default all rungs that both have. If one is named, that one on both sides; if two are named,
    those two.

    Raises:
        InputError: there is nothing to compare.
    """
    wanted_a, wanted_b = a.rung or b.rung, b.rung or a.rung
    if wanted_a and wanted_b:
        for result, rung in ((a, wanted_a), (b, wanted_b)):
            if rung not in result.rungs:
                raise InputError(
                    f"{result.name}: no result of a rung {rung!r} in {result.about}; "
                    f"it has {', '.join(result.rungs)}"
                )
        return [(wanted_a, wanted_b)]
    both = [rung for rung in a.rungs if rung in b.rungs]
    if not both:
        raise InputError(
            f"{a.name} and {b.name}: no rung in common ({', '.join(a.rungs)}; "
            f"{', '.join(b.rungs)}); name one of each, as {a.name}:RUNG"
        )
    places = {rung: place for place, rung in enumerate(order)}
    return [(rung, rung) for rung in sorted(both, key=lambda one: places.get(one, len(order)))]


def compare_rungs(common: CommonPhotos) -> RungComparison:
    """Return how two rungs differ on the photos that both have predictions for."""
    compare: Callable[[CommonPhotos], RungComparison] = (
        _compare_all_objects if common.every_object else _compare_largest
    )
    return compare(common)


def _compare_all_objects(common: CommonPhotos) -> RungComparison:
    draws = draw_classes(common)
    scores = label_scores_of(common)
    return RungComparison(
        _name_of(*common.rungs),
        common,
        [map_difference("voc_map_50", draws)],
        changes_of_ap(common.classes, draws),
        all_objects_by_photo(common, scores),
        scores,
    )


def _compare_largest(common: CommonPhotos) -> RungComparison:
    judged = [
        judge_largest(common.truth, answers_for(common.truth, found), task)
        for found, task in zip(common.found, common.tasks, strict=True)
    ]
    a, b = ({name: one[name] for name in judged[0] if name in judged[1]} for one in judged)
    differences = [mean_difference(name, a[name], b[name]) for name in a]
    headlines = [task.headline for task in common.tasks]
    differences.sort(key=lambda one: one.metric not in headlines)
    labels = common.truth["label"].to_numpy()
    return RungComparison(
        _name_of(*common.rungs),
        common,
        differences,
        changes_of_accuracy(common.classes, labels, a["accuracy"], b["accuracy"])
        if "accuracy" in a
        else [],
        largest_by_photo(common, a, b),
        [],
    )


def _name_of(mine: str, other: str) -> str:
    return mine if mine == other else f"{mine} and {other}"


def _missing(a: Side, b: Side) -> list[str]:
    if a.rung or b.rung:
        return []
    return [
        f"{rung}: only in {side}"
        for side, result, other in (("A", a, b), ("B", b, a))
        for rung in result.rungs
        if rung not in other.rungs
    ]
