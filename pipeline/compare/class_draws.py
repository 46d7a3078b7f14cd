"""Average precision of every class, for two rungs on the same draws of the photos."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipeline.compare.common_photos import CommonPhotos
from pipeline.evaluate.bootstrap import Ranking, class_rankings, draws_of, mean_ap_of_draws
from pipeline.evaluate.detections import as_detections, as_truth


@dataclass(frozen=True)
class ClassDraws:
    """Average precisions (VOC, IoU .5, area under the curve) of A and B.

    Attributes:
        here: `(2, C)` on the photos; NaN for a class without objects.
        drawn: `(2, D, C)` on D draws, the same ones for both; NaN where a draw has no object.
        photos: `(C,)` in how many photos each class has an object.
    """

    here: np.ndarray
    drawn: np.ndarray
    photos: np.ndarray

    @property
    def mean_here(self) -> np.ndarray:
        """`(2,)` mean over the classes with objects."""
        return _mean_of_known(self.here)

    @property
    def mean_drawn(self) -> np.ndarray:
        """`(2, D)` mean over the classes that have objects in the draw."""
        return _mean_of_known(self.drawn)


def draw_classes(common: CommonPhotos) -> ClassDraws:
    """Return the average precision of every class, on the photos and on draws of them."""
    photos = common.images["image_id"].to_numpy()
    sides = [_rankings(common, found, photos) for found in common.found]
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
    )


def _rankings(common: CommonPhotos, found: pa.Table, photos: np.ndarray) -> list[Ranking]:
    truth, detections = as_truth(common.truth), as_detections(found)
    return class_rankings(truth, detections, photos, len(common.classes))


def _by_class(rankings: list[Ranking], draws: np.ndarray) -> np.ndarray:
    """Return `(D, C)`."""
    return np.stack([mean_ap_of_draws([one], [draws]) for one in rankings], 1)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis without its NaNs; NaN of none."""
    known = ~np.isnan(values)
    count = known.sum(-1)
    sums = np.where(known, values, 0).sum(-1)
    return np.divide(sums, count, out=np.full(count.shape, np.nan), where=count > 0)
