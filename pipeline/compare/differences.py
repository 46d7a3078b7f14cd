"""How far apart two rungs are on the same photos, and whether that is more than chance.

The bootstrap is paired: both rungs are measured on the same draws of the photos, and the interval
is that of the difference. A photo that is hard for both moves both metrics and not their
difference, so this tells what two intervals beside each other do not: they may overlap although the
difference is certain.
"""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.compare.class_draws import ClassDraws
from pipeline.evaluate.bootstrap import UNKNOWN, Interval, interval, mean_interval

# A difference that fewer photos show is never beyond chance: of five photos that tell two rungs
# apart, all five speak for the same one in 1 of 16 cases, of six in 1 of 32 (the sign test).
FEWEST = 6
LESS_IS_BETTER = ("l1_px",)


@dataclass(frozen=True)
class Difference:
    """One metric of A and B on the same photos.

    Attributes:
        metric: its name.
        a, b: its values; NaN where there was nothing to measure.
        change: B minus A.
        low, high: the 95 % interval of the change; NaN where the photos are too few.
        photos: how many photos tell the two apart.
    """

    metric: str
    a: float
    b: float
    change: float
    low: float
    high: float
    photos: int

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves out 0, and enough photos differ."""
        return self.photos >= FEWEST and (self.low > 0 or self.high < 0)

    @property
    def better(self) -> str:
        """`A` or `B`, whichever is better beyond chance; empty for neither."""
        if not self.beyond_chance:
            return ""
        return "B" if (self.change > 0) != (self.metric in LESS_IS_BETTER) else "A"


def mean_difference(metric: str, a: np.ndarray, b: np.ndarray) -> Difference:
    """Return the difference of a metric that is the mean over photos.

    Args:
        metric: its name.
        a: `(P,)` values of the photos.
        b: `(P,)` of the same photos.
    """
    if not len(a):
        return Difference(metric, math.nan, math.nan, math.nan, *UNKNOWN, 0)
    change = b - a
    low, high = mean_interval(change)
    differing = int(np.count_nonzero(change))
    return Difference(
        metric, float(a.mean()), float(b.mean()), float(change.mean()), low, high, differing
    )


def map_difference(metric: str, draws: ClassDraws, photos: int) -> Difference:
    """Return the difference of mean average precision.

    Args:
        metric: its name.
        draws: the average precisions of both, on the photos and on draws of them.
        photos: P.
    """
    (a, b), drawn = draws.mean_here, draws.mean_drawn
    change = float(b - a)
    low, high = reflected(change, drawn[1] - drawn[0]) if photos > 1 else UNKNOWN
    return Difference(metric, float(a), float(b), change, low, high, photos)


def reflected(value: float, drawn: np.ndarray) -> Interval:
    """Return the basic interval of a change in average precision; see `ap_interval`.

    Args:
        value: on the photos themselves.
        drawn: `(D,)` on the draws; NaN ones are left out.
    """
    low, high = interval(drawn)
    low, high = np.clip([2 * value - high, 2 * value - low], -1, 1).tolist()
    return low, high
