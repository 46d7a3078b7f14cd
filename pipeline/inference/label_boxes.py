"""Turns the boxes of detections into boxes of labels."""

import numpy as np


def label_boxes(boxes: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes in the form of labels, and which of them can be labels.

    Args:
        boxes: `(O, 4)` float64 xyxy in pixels of their photos, NaN where there is none; changed in
            place, to save memory.
        sizes: `(O, 2)` or `(2,)`, width and height of the photos in pixels.

    Returns:
        `(O, 4)` `[x, y, width, height]`, clipped to the photo and rounded to .01 pixels, and `(O,)`
        bool, whether both sides are still above 0: readers refuse boxes without area.
    """
    np.clip(boxes, 0, np.tile(sizes, 2), out=boxes)
    np.round(boxes, 2, out=boxes)
    has_area = np.all(boxes[:, 2:] > boxes[:, :2], axis=1)
    boxes[:, 2:] = (boxes[:, 2:] - boxes[:, :2]).round(2)
    return boxes, has_area
