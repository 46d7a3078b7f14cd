"""Which classes rose and fell from A to B, and which of them by more than chance.

Among many classes some differ by chance alone: of twenty without a true difference, one falls
outside its 95 % interval on average. So a class is marked only if its change survives a correction
for multiple tests: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979). Its
thresholds lie further out in the tails than 500 draws reach. For accuracy the sign test gives exact
p-values. For average precision they come from a normal distribution with the standard deviation of
the draws, but are never below those of the sign test: on few photos the draws vary too little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, isfinite
from statistics import NormalDist

import numpy as np

from pipeline.compare.class_draws import ClassDraws
from pipeline.compare.differences import reflected
from pipeline.evaluate.bootstrap import UNKNOWN, mean_interval

_LEVEL = 0.05


@dataclass(frozen=True)
class ClassChange:
    """One class in A and B.

    Attributes:
        name: of the class.
        a, b: its average precision; its accuracy for rungs that predict the largest object.
        change: B minus A.
        low, high: the 95 % interval of the change, for this class alone; NaN where unknown.
        photos: how many have the class.
        beyond_chance: whether the change is significant after correction for all classes.
    """

    name: str
    a: float
    b: float
    change: float
    low: float
    high: float
    photos: int
    beyond_chance: bool


def changes_of_ap(classes: Sequence[str], draws: ClassDraws) -> list[ClassChange]:
    """Return the classes with objects, the largest rise first."""
    drawn = draws.drawn[1] - draws.drawn[0]  # (D, C)
    rows, chances = [], []
    for label, name in enumerate(classes):
        a, b = draws.here[:, label].tolist()
        if not (isfinite(a) and isfinite(b)):
            continue
        known = drawn[:, label][~np.isnan(drawn[:, label])]
        photos = int(draws.photos[label])
        ends = reflected(b - a, known) if photos > 1 else UNKNOWN
        rows.append((name, a, b, b - a, *ends, photos))
        deviation = float(known.std()) if len(known) else 0.0
        chances.append(chance_of(b - a, deviation, int(draws.differing[:, label].sum())))
    return _marked(rows, chances)


def changes_of_accuracy(
    classes: Sequence[str], labels: np.ndarray, a: np.ndarray, b: np.ndarray
) -> list[ClassChange]:
    """Return the change in accuracy on the photos of each class, the largest rise first.

    Args:
        classes: names in label order.
        labels: `(P,)` true class of each photo.
        a: `(P,)` 1 where A predicted it, else 0.
        b: `(P,)` the same for B.
    """
    rows, chances = [], []
    for label in np.unique(labels).tolist():
        of_a, of_b = a[labels == label], b[labels == label]
        change, photos = of_b - of_a, len(of_a)
        means = float(of_a.mean()), float(of_b.mean()), float(change.mean())
        rows.append((classes[label], *means, *mean_interval(change), photos))
        chances.append(chance_of_signs(int((change > 0).sum()), int((change < 0).sum())))
    return _marked(rows, chances)


def chance_of_signs(rose: int, fell: int) -> float:
    """Return the p-value of the exact sign test: of a split at least this uneven by chance alone.

    Photos without a change carry no information. W. J. Dixon and A. M. Mood, "The Statistical Sign
    Test" (1946).

    >>> chance_of_signs(0, 8), chance_of_signs(0, 7)
    (0.0078125, 0.015625)
    >>> chance_of_signs(1, 7)  # 2 * (1 + 8) / 256
    0.0703125

    Args:
        rose: photos that only B gets right.
        fell: photos that only A gets right.
    """
    photos = rose + fell
    tail = sum(comb(photos, few) for few in range(min(rose, fell) + 1))
    return min(1.0, 2 * tail / 2**photos)


def chance_of(change: float, deviation: float, photos: int) -> float:
    """Return the two-sided p-value of a change in average precision.

    >>> round(chance_of(0.196, 0.1, 50), 3)
    0.05
    >>> chance_of(-1.0, 0.1, 8)  # ten deviations, but only eight photos
    0.0078125

    Args:
        change: of a class.
        deviation: the standard deviation of the change over draws of the photos.
        photos: on which A and B differ in this class; the p-value is at least that of all of them
            favouring the same side.
    """
    if not change:
        return 1.0
    normal = 2 * NormalDist().cdf(-abs(change) / deviation) if deviation > 0 else 0.0
    return max(chance_of_signs(photos, 0), normal)


def beyond_luck(chances: Sequence[float]) -> list[bool]:
    """Return which of several changes are significant after Holm's correction.

    The smallest p-value is compared with .05 / n, the next with .05 / (n - 1), and so on until one
    exceeds its threshold.

    >>> beyond_luck([0.01, 0.02, 0.5])  # against .0167, .025, .05
    [True, True, False]
    >>> beyond_luck([0.02, 0.02, 0.5])
    [False, False, False]
    """
    marks = [False] * len(chances)
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda at: chances[at])):
        if chances[place] > _LEVEL / (len(chances) - rank):
            break
        marks[place] = True
    return marks


def _marked(
    rows: Sequence[tuple[str, float, float, float, float, float, int]], chances: Sequence[float]
) -> list[ClassChange]:
    marks = beyond_luck(chances)
    changes = [ClassChange(*row, mark) for row, mark in zip(rows, marks, strict=True)]
    return sorted(changes, key=lambda one: -one.change)
