"""How well one object a photo was named and placed: step 7 of the journey.

These judge the rungs that answer for the largest object; `voc_ap` and `coco_map` judge the rungs
that answer for all of them. Each is NaN where there is no photo to judge.
"""

import numpy as np

from pipeline.boxes import paired_iou


def accuracy(labels: np.ndarray, predicted: np.ndarray) -> float:
    """Return the share of photos whose class is right, 0..1.

    Args:
        labels: `(P,)` true class.
        predicted: `(P,)` predicted class.
    """
    return _mean(_same_shape(labels, predicted, np.equal))


def l1_px(boxes: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean absolute distance of a box edge from its true place, in the boxes' pixels.

    The mean runs over photos and over the four coordinates. Give both in pixels of a photo
    of the lesson's side to compare with its figures.

    Args:
        boxes: `(P, 4)` xyxy.
        predicted: `(P, 4)` xyxy, in the same pixels.
    """
    boxes, predicted = (
        np.asarray(boxes, dtype=float),
        np.asarray(predicted, dtype=float),
    )
    return _mean(np.abs(_same_shape(boxes, predicted, np.subtract)))


def mean_iou(boxes: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean IoU of each photo's box with its prediction, 0..1.

    Args:
        boxes: `(P, 4)` xyxy.
        predicted: `(P, 4)` xyxy; a box turned inside out counts as empty, IoU 0.
    """
    boxes, predicted = (
        np.asarray(boxes, dtype=float),
        np.asarray(predicted, dtype=float),
    )
    return _mean(_same_shape(boxes, predicted, paired_iou))


def _same_shape(truth, predicted, compare) -> np.ndarray:
    """Return `compare(truth, predicted)`, refusing pairs that NumPy would broadcast silently."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise ValueError(f"truth has shape {truth.shape}, predictions have {predicted.shape}")
    return compare(truth, predicted)


def _mean(values: np.ndarray) -> float:
    """Return the mean, and NaN without NumPy's warning where there is nothing to average."""
    return float(values.mean()) if values.size else float("nan")
