"""How well one object a photo was named and placed.

These judge the rungs that answer for the largest object; `voc_ap` and `coco_map` judge the rungs
that answer for all of them. Each gives a number for each photo; the rung's metric is their mean.
"""

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

    Give both in pixels of a photo of the lesson's side to compare with its figures.

    Args:
        boxes: `(P, 4)` xyxy.
        predicted: `(P, 4)` xyxy, in the same pixels.
    """
    return np.abs(_same_shape(_floats(boxes), _floats(predicted), np.subtract)).mean(1)


def iou(boxes: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Return `(P,)` IoU of each photo's box with its prediction, 0..1.

    Args:
        boxes: `(P, 4)` xyxy.
        predicted: `(P, 4)` xyxy; a box turned inside out counts as empty, IoU 0.
    """
    return _same_shape(_floats(boxes), _floats(predicted), paired_iou)


def _floats(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=float)


def _same_shape(truth, predicted, compare) -> np.ndarray:
    """Return `compare(truth, predicted)`, refusing pairs that NumPy would broadcast silently."""
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.shape != predicted.shape:
        raise ValueError(f"truth has shape {truth.shape}, predictions have {predicted.shape}")
    return compare(truth, predicted)
