"""Pairs of a detection and an object with their IoU, before any matching."""

from dataclasses import dataclass

import numpy as np

from pipeline.boxes import paired_iou
from pipeline.evaluate.detections import Detections, Truth


@dataclass(frozen=True)
class Pairs:
    """Detections with objects, one row per pair.

    Attributes:
        detections: `(M,)` row of the detection, ascending.
        objects: `(M,)` row of the object, ascending within a detection.
        iou: `(M,)` in 0..1.
    """

    detections: np.ndarray
    objects: np.ndarray
    iou: np.ndarray

    def where(self, chosen: np.ndarray) -> "Pairs":
        """Return the pairs whose entry in `chosen`, `(M,)` bool, is true."""
        return Pairs(self.detections[chosen], self.objects[chosen], self.iou[chosen])

    def best(self, num_detections: int) -> tuple[np.ndarray, np.ndarray]:
        """Return each detection's most overlapping object and their IoU.

        Returns:
            `(K,)` row of the object, the first of equals, -1 for a detection without a pair; and
            `(K,)` IoU, 0 there.
        """
        best, best_iou = np.full(num_detections, -1), np.zeros(num_detections)
        if not len(self.iou):
            return best, best_iou
        starts = np.flatnonzero(np.diff(self.detections, prepend=-1))
        counts = np.diff(starts, append=len(self.iou))
        highest = np.maximum.reduceat(self.iou, starts)
        is_highest = np.flatnonzero(self.iou == np.repeat(highest, counts))
        first = is_highest[np.searchsorted(is_highest, starts)]
        rows = self.detections[starts]
        best[rows], best_iou[rows] = self.objects[first], highest
        return best, best_iou


def pairs_of_class(truth: Truth, detections: Detections, num_classes: int) -> Pairs:
    """Return every pair of a detection with an object of its photo and class, C classes in all."""
    keys = (side.photo.astype(np.int64) * num_classes + side.labels for side in (truth, detections))
    return _pairs_of_equal_keys(truth, detections, *keys)


def pairs_of_photo(truth: Truth, detections: Detections) -> Pairs:
    """Return every pair of a detection with an object of its photo, whatever their classes."""
    return _pairs_of_equal_keys(truth, detections, truth.photo, detections.photo)


def _pairs_of_equal_keys(
    truth: Truth, detections: Detections, object_keys: np.ndarray, detection_keys: np.ndarray
) -> Pairs:
    """Return the pairs of an object and a detection with the same key."""
    by_key = np.argsort(object_keys, kind="stable")
    first = np.searchsorted(object_keys[by_key], detection_keys)
    count = np.searchsorted(object_keys[by_key], detection_keys, side="right") - first
    rows = np.repeat(np.arange(len(detection_keys)), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    objects = by_key[np.repeat(first, count) + within]
    iou = paired_iou(truth.boxes[objects].astype(float), detections.boxes[rows].astype(float))
    return Pairs(rows, objects, iou)
