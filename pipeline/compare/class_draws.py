"""Average precision of every class, for two rungs on the same bootstrap draws of the photos."""

from dataclasses import dataclass

import numpy as np

from pipeline.compare.common_photos import CommonPhotos
from pipeline.evaluate.bootstrap import Ranking, draws_of, matched_rankings, mean_ap_of_draws
from pipeline.evaluate.detections import Detections, as_detections, as_truth
from pipeline.evaluate.voc_ap import Matches, match_detections


@dataclass(frozen=True)
class ClassDraws:
    """Average precisions (VOC, IoU .5, area under the curve) of A and B.

    Attributes:
        here: `(2, C)` on the photos; NaN for a class without objects.
        drawn: `(2, D, C)` on D draws, the same ones for both; NaN where a draw has no object.
        photos: `(C,)` how many photos have an object of each class.
        differing: `(P, C)` bool, whether A and B differ in a photo in how many true or false
            positives of a class they have.
    """

    here: np.ndarray
    drawn: np.ndarray
    photos: np.ndarray
    differing: np.ndarray

    @property
    def mean_here(self) -> np.ndarray:
        """`(2,)`, the mean over the classes with objects."""
        return _mean_of_known(self.here)

    @property
    def mean_drawn(self) -> np.ndarray:
        """`(2, D)`, the mean over the classes that have objects in the draw."""
        return _mean_of_known(self.drawn)


def draw_classes(common: CommonPhotos) -> ClassDraws:
    """Return the average precision of every class, on the photos and on draws of them."""
    photos, count = common.images["image_id"].to_numpy(), len(common.classes)
    truth, found = as_truth(common.truth), [as_detections(one) for one in common.found]
    matched = [match_detections(truth, one, count) for one in found]
    sides = [
        matched_rankings(truth, one, matches, photos, count)
        for one, matches in zip(found, matched, strict=True)
    ]
    a, b = (_hits_and_mistakes(*one, photos, count) for one in zip(found, matched, strict=True))
    width = max((len(one.photo) for rankings in sides for one in rankings), default=1)
    once = np.ones((1, len(photos)), int)
    parts = [
        np.stack([_by_class(rankings, some) for rankings in sides])
        for some in draws_of(len(photos), width)
    ]
    with_objects = [len(np.unique(one.object_photo)) for one in sides[0]]
    return ClassDraws(
        np.stack([_by_class(rankings, once)[0] for rankings in sides]),
        np.concatenate(parts, 1),
        np.array(with_objects),
        (a != b).any(-1),
    )


def _hits_and_mistakes(
    found: Detections, matches: Matches, photos: np.ndarray, classes: int
) -> np.ndarray:
    """Return `(P, C, 2)`: how many boxes match no object of their class, and how many match one."""
    order = np.argsort(photos)
    places = order[np.searchsorted(photos, found.photo, sorter=order)]
    cells = (places * classes + found.labels) * 2 + matches.true_positive
    counts = np.bincount(cells[~matches.ignored], minlength=len(photos) * classes * 2)
    return counts.reshape(len(photos), classes, 2)


def _by_class(rankings: list[Ranking], draws: np.ndarray) -> np.ndarray:
    """Return `(D, C)`."""
    return np.stack([mean_ap_of_draws([one], [draws]) for one in rankings], 1)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis without its NaNs; NaN if there is nothing else."""
    known = ~np.isnan(values)
    count = known.sum(-1)
    sums = np.where(known, values, 0).sum(-1)
    return np.divide(sums, count, out=np.full(count.shape, np.nan), where=count > 0)
