"""Box arithmetic, and the one convention for boxes in this project.

A box is `(xmin, ymin, xmax, ymax)`, pixel *edges*: `xmax = x + width`, so a box of one pixel at the
origin is `(0, 0, 1, 1)` and its area is 1. The VOC devkit's 1-based inclusive corners are converted
here and nowhere else.
"""

import numpy as np

# Distances are in pixels of a photo squashed to this side, the lesson's, whatever the input size
# is, so that they can be compared.
LESSON_SIDE = 224


def xywh_to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """Convert boxes from corner and size to edges.

    Args:
        boxes: `(..., 4)` as `[x, y, width, height]`.

    Returns:
        `(..., 4)` as `[xmin, ymin, xmax, ymax]`, float32.
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    return np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], -1).astype(np.float32)


def xyxy_to_xywh(boxes: np.ndarray) -> np.ndarray:
    """Convert `(..., 4)` xyxy boxes to corner and size `[x, y, width, height]`."""
    boxes = np.asarray(boxes)
    return np.concatenate([boxes[..., :2], boxes[..., 2:] - boxes[..., :2]], -1)


def voc_to_xyxy(boxes: np.ndarray) -> np.ndarray:
    """Convert the corners of VOC XML, which are 1-based and inclusive, to edges.

    Only the lower corner moves: pixel 1 begins at edge 0, and pixel `xmax` ends at edge `xmax`.
    """
    return np.asarray(boxes, dtype=np.float32) - np.array([1, 1, 0, 0], dtype=np.float32)


def area(boxes: np.ndarray) -> np.ndarray:
    """Return the area `(...)` of `(..., 4)` xyxy boxes, 0 where a side is not positive."""
    sides = np.clip(boxes[..., 2:] - boxes[..., :2], 0, None)
    return sides[..., 0] * sides[..., 1]


def paired_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the IoU of each box with its partner.

    Args:
        boxes: `(..., 4)` xyxy.
        others: `(..., 4)` xyxy, broadcast against `boxes`.

    Returns:
        `(...)` in 0..1; 0 where both boxes are empty.
    """
    corner = np.maximum(boxes[..., :2], others[..., :2])
    opposite = np.minimum(boxes[..., 2:], others[..., 2:])
    overlap = area(np.concatenate([corner, opposite], -1))
    union = area(boxes) + area(others) - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap, dtype=float), where=union > 0)
