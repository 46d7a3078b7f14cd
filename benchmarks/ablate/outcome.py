"""How far each change is from the baseline, over all seeds and the same photos."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import numpy as np

from benchmarks.ablate.study import BASELINE, Change, Study
from benchmarks.ablate.trials import Trial
from pipeline.compare.class_draws import draw_classes
from pipeline.compare.common_photos import CommonPhotos, common_photos
from pipeline.compare.differences import Difference, mean_difference, reflected, same_side_of_zero
from pipeline.compare.sides.in_folder import result_in_folder
from pipeline.compare.sides.rung_result import read_rung
from pipeline.evaluate.bootstrap import interval
from pipeline.evaluate.score import answers_for, judge_largest
from pipeline.files import TRAINING


@dataclass(frozen=True)
class Outcome:
    """A change beside the baseline.

    Attributes:
        change: its name.
        metric: its name.
        baseline, value: means over the seeds.
        by_seed: the change less the baseline with each seed.
        low, high: 95 % interval, over draws of the photos, of the mean of `by_seed`.
        both_ways: whether both intervals of the draws leave out 0, as in `Difference`; older
            studies did not ask.
    """

    change: str
    metric: str
    baseline: float
    value: float
    by_seed: list[float]
    low: float
    high: float
    both_ways: bool = True

    @property
    def verdict(self) -> str:
        """`rises` or `falls` where both intervals leave out 0 and all seeds agree; else `open`."""
        if self.both_ways and self.low > 0 and min(self.by_seed) > 0:
            return "rises"
        if self.both_ways and self.high < 0 and max(self.by_seed) < 0:
            return "falls"
        return "open"


def outcomes_of(study: Study, out: Path) -> list[Outcome]:
    """Return the outcome of every change in each metric, from the trials in a folder."""
    return [
        outcome
        for change in study.changes
        for outcome in compare(
            change.name, [_common(study.rung, change, seed, out) for seed in study.seeds]
        )
    ]


def _common(rung: str, change: Change, seed: int, out: Path) -> CommonPhotos:
    trials = (Trial(Change(name=BASELINE), seed), Trial(change, seed))
    folders = [out / "trials" / trial.folder_name for trial in trials]
    a, b = (read_rung(result_in_folder(str(one), one), rung, "val") for one in folders)
    return common_photos(a, b)


def compare(change: str, pairs: Sequence[CommonPhotos]) -> list[Outcome]:
    """Return the outcome of a change in each metric.

    Args:
        change: its name.
        pairs: baseline and change with each seed, on the same photos.
    """
    differences = _of_all_objects if pairs[0].every_object else _of_largest
    return differences(change, pairs)


def _of_all_objects(change: str, pairs: Sequence[CommonPhotos]) -> list[Outcome]:
    draws = [draw_classes(pair) for pair in pairs]
    here = np.stack([one.mean_here for one in draws])
    drawn = np.stack([one.mean_drawn for one in draws]).mean(0)
    by_seed = here[:, 1] - here[:, 0]
    basic = reflected(float(by_seed.mean()), drawn[1] - drawn[0])
    both_ways = same_side_of_zero(basic, interval(drawn[1] - drawn[0]))
    means = here.mean(0).tolist()
    return [Outcome(change, "voc_map_50", *means, by_seed.tolist(), *basic, both_ways)]


def _of_largest(change: str, pairs: Sequence[CommonPhotos]) -> list[Outcome]:
    judged = [
        [
            judge_largest(pair.truth, answers_for(pair.truth, found), task)
            for found, task in zip(pair.found, pair.tasks, strict=True)
        ]
        for pair in pairs
    ]
    outcomes = []
    for metric in judged[0][0]:
        values = np.array([[side[metric] for side in sides] for sides in judged])  # (S, 2, P)
        whole: Difference = mean_difference(metric, *values.mean(0))
        by_seed = (values[:, 1] - values[:, 0]).mean(-1).tolist()
        ends = whole.low, whole.high, whole.both_ways
        outcomes.append(Outcome(change, metric, whole.a, whole.b, by_seed, *ends))
    return outcomes


def minutes_of(rung: str, change: Change, seeds: Sequence[int], out: Path) -> float:
    """Return the mean minutes that a change trains for, as its trials have taken them."""
    paths = [out / "trials" / Trial(change, seed).folder_name / TRAINING for seed in seeds]
    return mean(json.loads((one / f"{rung}.json").read_text())["seconds"] for one in paths) / 60
