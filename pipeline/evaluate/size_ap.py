"""Average precision of small, medium and large objects.

The sizes are COCO's (https://cocodataset.org/#detection-eval), in pixels of the original photo, but
by the area of the box, as there are no outlines.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.boxes import area
from pipeline.evaluate.bootstrap import UNKNOWN, ap_interval, ranking_of
from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.result_files import ResultRow
from pipeline.evaluate.voc_ap import match_detections, rank_detections

SIZES = {"small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, float("inf"))}


@dataclass(frozen=True)
class SizeAp(ResultRow):
    """How well the objects of one size are found.

    Attributes:
        size: one of `SIZES`.
        objects: how many there are, `ignore` ones not counted.
        ap: AP@.5 (area) of all of them in one ranking; NaN without any.
        low, high: the interval over the photos.
    """

    size: str
    objects: int
    ap: float
    low: float
    high: float


def ap_by_size(
    truth: Truth, detections: Detections, photos: np.ndarray, num_classes: int
) -> list[SizeAp]:
    """Return the average precision for each of `SIZES`, the objects of all classes pooled.

    A mean over classes would depend on those with two or three objects of a size. A detection
    still needs the class of its object. COCO's rule: an object of another size is `ignore`, and a
    false positive of another size is dropped from the ranking.

    Args:
        truth: the labelled objects.
        detections: what was found, boxes in pixels of the original photo like those of `truth`.
        photos: `(P,)` ids of all photos, empty ones included.
        num_classes: C; both sides' labels must be in 0..C-1.
    """
    return [_ap_of_size(size, truth, detections, photos, num_classes) for size in SIZES]


def _ap_of_size(
    size: str, truth: Truth, detections: Detections, photos: np.ndarray, num_classes: int
) -> SizeAp:
    of_size = replace(truth, ignore=truth.ignore | ~has_size(truth.boxes, size))
    matches = match_detections(of_size, detections, num_classes)
    ranked = ~matches.ignored & (matches.true_positive | has_size(detections.boxes, size))
    wanted = of_size.photo[~of_size.ignore]
    (curve,) = rank_detections(
        matches.true_positive[ranked],
        np.zeros(np.count_nonzero(ranked), int),
        detections.scores[ranked],
        np.array([len(wanted)]),
    ).curves
    low, high = UNKNOWN
    if len(wanted):
        ranking = ranking_of(detections, wanted, matches.true_positive, ranked, photos)
        low, high = ap_interval([ranking], len(photos))
    return SizeAp(size, len(wanted), curve.ap, low, high)


def has_size(boxes: np.ndarray, size: str) -> np.ndarray:
    """Return `(N,)` bool: the box has this size; a box on a limit has the larger one."""
    smallest, limit = SIZES[size]
    areas = area(boxes.astype(float))
    return (areas >= smallest) & (areas < limit)
