"""How far a metric depends on which photos it was measured on: step 7 of the journey.

The photos are drawn anew with replacement, as many as there are, and the metric is taken of every
draw: the bootstrap of Efron, "Bootstrap Methods: Another Look at the Jackknife" (1979). It says
nothing of what another training would give: for that, train with another seed.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.voc_ap import match_detections

Interval = tuple[float, float]

_DRAWS = 500
_AT_A_TIME = 2**19  # photos in the draws that memory holds at once
_SEED = 0
_SHARE = 95  # percent of the draws that lie in the interval


def draws_of(photos: int) -> Iterator[np.ndarray]:
    """Yield how often each of `photos` photos is in each draw, `(D, photos)` some at a time.

    There are 500 draws in all, the same ones each time.
    """
    generator = np.random.default_rng(_SEED)
    shares = np.full(photos, 1 / photos)
    step = max(1, _AT_A_TIME // photos)
    for first in range(0, _DRAWS, step):
        yield generator.multinomial(photos, shares, size=min(step, _DRAWS - first))


def interval(values: np.ndarray) -> Interval:
    """Return the ends of the middle 95 % of the draws' values; NaN ones are left out."""
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, [50 - _SHARE / 2, 50 + _SHARE / 2])
    return float(low), float(high)


def mean_interval(values: np.ndarray) -> Interval:
    """Return the interval of the mean of `(photos,)` values."""
    if not len(values):
        return float("nan"), float("nan")
    means = [draws @ values / len(values) for draws in draws_of(len(values))]
    return interval(np.concatenate(means))


def map_interval(
    truth: Truth, detections: Detections, photos: np.ndarray, num_classes: int
) -> Interval:
    """Return the interval of VOC mAP at IoU .5 (area under the curve), within 0..1.

    The mAP of a draw is on average larger than that of the photos drawn from, by about what the
    latter is larger than that of all photos in the world. So the draws' distances from the mAP are
    taken to its other side: the basic interval of Davison and Hinkley, "Bootstrap Methods and their
    Application" (1997), section 5.2.

    Args:
        truth: the labelled objects.
        detections: what was found.
        photos: `(P,)` ids of all photos, those with nothing in them included.
        num_classes: C.
    """
    if not len(photos):
        return float("nan"), float("nan")
    once = np.ones((1, len(photos)), int)
    draws = chain([once], draws_of(len(photos)))
    here, *means = map_of_draws(truth, detections, photos, num_classes, draws)
    low, high = interval(np.array(means))
    low, high = np.clip([2 * here - high, 2 * here - low], 0, 1)
    return float(low), float(high)


def map_of_draws(
    truth: Truth,
    detections: Detections,
    photos: np.ndarray,
    num_classes: int,
    draws: Iterable[np.ndarray],
) -> np.ndarray:
    """Return the mAP of every draw, NaN for one without objects.

    A photo that is drawn twice is two photos with the same contents, so its detections and objects
    count twice, and what was matched with what stays as it is.

    Args:
        truth: the labelled objects.
        detections: what was found.
        photos: `(P,)` ids of all photos.
        num_classes: C.
        draws: some `(D, P)` at a time, how often each photo counts.
    """
    matches = match_detections(truth, detections, num_classes)
    order = np.argsort(photos)
    of_detection = order[np.searchsorted(photos, detections.photo, sorter=order)]
    of_object = order[np.searchsorted(photos, truth.photo, sorter=order)]
    classes = []
    for label in range(num_classes):
        ranked = np.flatnonzero(~matches.neutral & (detections.labels == label))
        ranked = ranked[np.argsort(-detections.scores[ranked], kind="stable")]
        wanted = of_object[~truth.ignore & (truth.labels == label)]
        classes.append((of_detection[ranked], matches.right[ranked], wanted))
    return np.concatenate([_mean_over_classes(some, classes) for some in draws])


def _mean_over_classes(draws: np.ndarray, classes: list[tuple]) -> np.ndarray:
    """Return the mean AP of every draw over the classes that it has objects of."""
    by_class = np.stack(
        [
            _average_precision(draws[:, photo], right, draws[:, wanted].sum(1))
            for photo, right, wanted in classes
        ],
        1,
    )
    known = ~np.isnan(by_class)
    sums = np.where(known, by_class, 0).sum(1)
    return np.divide(sums, known.sum(1), out=np.full(len(draws), np.nan), where=known.any(1))


def _average_precision(counts: np.ndarray, right: np.ndarray, positives: np.ndarray) -> np.ndarray:
    """Return the AP of every draw, NaN without objects.

    Args:
        counts: `(D, K)` how often each detection counts, the best score first.
        right: `(K,)` bool.
        positives: `(D,)` objects to find.
    """
    found = np.cumsum(counts * right, 1)
    precision = found / np.maximum(np.cumsum(counts, 1), 1)
    envelope = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
    area = (np.diff(found, prepend=0, axis=1) * envelope).sum(1)
    return np.divide(area, positives, out=np.full(len(counts), np.nan), where=positives > 0)
