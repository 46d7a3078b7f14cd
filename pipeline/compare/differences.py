"""How far apart two rungs are on the same photos, and whether that is more than chance.

The bootstrap is paired: both rungs are measured on the same draws of the photos, and the interval
is that of the difference. A photo that is hard for both moves both metrics but not their
difference, so this is sharper than comparing two separate intervals, which may overlap although the
difference is certain.

The draws give two intervals: their percentiles, and the reflection of these about the change on the
photos themselves (the basic bootstrap). The two disagree if the draws lie to one side of that
change. A class with objects in a single photo causes this: a draw without that photo does not
measure the class, so its contribution to mean average precision is there in full or not at all, and
the reflected interval excludes 0 although more than a third of the draws show no difference. So a
difference counts as beyond chance only if both intervals exclude 0. Only one is shown; the verdict
says so if the other disagrees.
"""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.compare.class_draws import ClassDraws
from pipeline.evaluate.bootstrap import UNKNOWN, Interval, interval, mean_interval

# A difference that fewer photos show is never beyond chance: by the sign test, five photos that
# differ all favour the same rung in 1 of 16 cases, six in 1 of 32.
FEWEST = 6
LESS_IS_BETTER = ("l1_px",)


@dataclass(frozen=True)
class Difference:
    """One metric of A and B on the same photos.

    Attributes:
        metric: its name.
        a, b: its values; NaN if there was nothing to measure.
        change: B minus A.
        low, high: the 95 % interval of the change; NaN if there are too few photos.
        photos: on how many photos the two differ.
        both_ways: whether both bootstrap intervals exclude 0 on the same side.
    """

    metric: str
    a: float
    b: float
    change: float
    low: float
    high: float
    photos: int
    both_ways: bool

    @property
    def leaves_out_0(self) -> bool:
        """Whether the interval that is shown excludes 0."""
        return self.low > 0 or self.high < 0

    @property
    def beyond_chance(self) -> bool:
        """Whether both intervals exclude 0, and enough photos differ."""
        return self.photos >= FEWEST and self.leaves_out_0 and self.both_ways

    @property
    def better(self) -> str:
        """`A` or `B`, whichever is better beyond chance; empty if neither is."""
        if not self.beyond_chance:
            return ""
        return "B" if (self.change > 0) != (self.metric in LESS_IS_BETTER) else "A"


def mean_difference(metric: str, a: np.ndarray, b: np.ndarray) -> Difference:
    """Return the difference of a metric that is the mean over photos.

    Args:
        metric: its name.
        a: `(P,)` the values of the photos.
        b: `(P,)` those of the same photos.
    """
    if not len(a):
        return Difference(metric, math.nan, math.nan, math.nan, *UNKNOWN, 0, False)
    change, differing = b - a, int(np.count_nonzero(b - a))
    mean = float(change.mean())
    low, high = mean_interval(change)
    both = same_side_of_zero((low, high), (2 * mean - high, 2 * mean - low))
    return Difference(metric, float(a.mean()), float(b.mean()), mean, low, high, differing, both)


def map_difference(metric: str, draws: ClassDraws) -> Difference:
    """Return the difference of mean average precision.

    Args:
        metric: its name.
        draws: the average precisions of both, on the photos and on draws of them.
    """
    (a, b), drawn = draws.mean_here, draws.mean_drawn
    change, changes = float(b - a), drawn[1] - drawn[0]
    basic = reflected(change, changes) if len(draws.differing) > 1 else UNKNOWN
    differing = int(draws.differing.any(1).sum())
    both = same_side_of_zero(basic, interval(changes))
    return Difference(metric, float(a), float(b), change, *basic, differing, both)


def reflected(value: float, drawn: np.ndarray) -> Interval:
    """Return the basic interval of a change in average precision; see `ap_interval`.

    Args:
        value: on the photos themselves.
        drawn: `(D,)` on the draws; NaNs are left out.
    """
    low, high = interval(drawn)
    low, high = np.clip([2 * value - high, 2 * value - low], -1, 1).tolist()
    return low, high


def same_side_of_zero(one: Interval, other: Interval) -> bool:
    """Return whether both intervals lie on the same side of 0; an unknown one is on neither."""
    return (one[0] > 0 and other[0] > 0) or (one[1] < 0 and other[1] < 0)
