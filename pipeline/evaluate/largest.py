"""Accuracy, L1 distance and IoU of one object per photo.

These are for the rungs that predict the largest object; `voc_ap` and `coco_ap` are for the rungs
that predict all of them. Each returns a number for each photo; the rung's metric is their mean.
"""

from collections.abc import Callable

import numpy as np

from pipeline.boxes import paired_iou


def is_class(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return `(P,)` 1 where the class is the true one, else 0; their mean is the accuracy.

    Args:
        labels: `(P,)` true class.
        predicted: `(P,)` predicted class.
    """
    return _same_shape(labels, predicted, np.equal).astype(float)


def l1_px(boxes: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return `(P,)` mean absolute distance of a box edge from its true place, in the boxes' pixels.

    For comparison with the lesson's figures, give both in pixels of a photo of its side.

    Args:
        boxes: `(P, 4)` xyxy.
        predicted: `(P, 4)` xyxy, in the same pixels.
    """
    return np.abs(_same_shape(_floats(boxes), _floats(predicted), np.subtract)).mean(1)


def iou(boxes: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return `(P,)` IoU of each photo's box with its prediction, 0..1.

    Args:
        boxes: `(P, 4)` xyxy.
        predicted: `(P, 4)` xyxy; an inverted box counts as empty, IoU 0.
    """
    return _same_shape(_floats(boxes), _floats(predicted), paired_iou)


def _floats(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=float)


def _same_shape(
    truth: np.ndarray,
    predicted: np.ndarray,
    compare: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return `compare(truth, predicted)`, refusing pairs that NumPy would broadcast silently."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise ValueError(f"truth has shape {truth.shape}, predictions have {predicted.shape}")
    return compare(truth, predicted)
