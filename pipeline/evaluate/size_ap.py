"""Average precision of small, medium and large objects: step 7 of the journey.

The sizes are COCO's (https://cocodataset.org/#detection-eval), in pixels of the original photo and,
as there are no outlines, by the area of the box.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.boxes import area
from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.voc_ap import match_detections, rank_detections

SIZES = {"small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, float("inf"))}


@dataclass(frozen=True)
class SizeAp:
    """How well the objects of one size are found.

    Attributes:
        size: one of `SIZES`.
        objects: how many there are, `ignore` ones not counted.
        ap: VOC mAP@.5 (area) over the classes with such objects; NaN without any.
    """

    size: str
    objects: int
    ap: float


def ap_by_size(truth: Truth, detections: Detections, num_classes: int) -> list[SizeAp]:
    """Return the mean average precision for each of `SIZES`.

    COCO's rule: an object of another size is `ignore`, and a wrong detection of another size leaves
    the ranking.

    Args:
        truth: the labelled objects.
        detections: what was found, boxes in pixels of the original photo like those of `truth`.
        num_classes: C; both sides' labels must be in 0..C-1.
    """
    return [_ap_of_size(size, truth, detections, num_classes) for size in SIZES]


def _ap_of_size(size: str, truth: Truth, detections: Detections, num_classes: int) -> SizeAp:
    """Return how well the objects of one size are found."""
    of_size = replace(truth, ignore=truth.ignore | ~has_size(truth.boxes, size))
    matches = match_detections(of_size, detections, num_classes)
    ranked = ~matches.neutral & (matches.right | has_size(detections.boxes, size))
    positives = np.bincount(of_size.labels[~of_size.ignore], minlength=num_classes)
    result = rank_detections(
        matches.right[ranked], detections.labels[ranked], detections.scores[ranked], positives
    )
    return SizeAp(size, int(positives.sum()), result.mean_ap)


def has_size(boxes: np.ndarray, size: str) -> np.ndarray:
    """Return `(N,)` bool: the box has this size; a limit belongs to the larger one."""
    smallest, limit = SIZES[size]
    areas = area(boxes.astype(float))
    return (areas >= smallest) & (areas < limit)
