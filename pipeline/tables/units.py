"""Finds out whether the boxes of a whole set are pixels `[x, y, width, height]`.

What one box means cannot be told, but a set gives it away, once the sizes of its photos are known:
so it is decided here, for whichever format, and not by a reader.
"""

from dataclasses import replace

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.labels import Labels

_ROUNDING = 1.01  # shares are written with few digits
_LARGE = 4  # pixels of a side in which nobody labels
_MANY = 10  # boxes by which a set can be judged that only looks odd
_FEW = 3  # ... by which one that fits another reading in every box
_SLACK = 0.02  # of a side by which boxes may leave their photo


def in_pixels(labels: Labels) -> Labels:
    """Return the labels with boxes in pixels.

    Boxes that are all shares of the sides of their photos (0..1) are scaled, with a note.

    Args:
        labels: with all sizes of images.

    Raises:
        InputError: most boxes are shares and others are not, or nearly all leave their photos, as
            when corners are written in place of sizes.
    """
    sides = np.stack([labels.images["width"], labels.images["height"]], -1).astype(np.float64)
    sides = sides[labels.rows]
    boxes = labels.boxes
    solid = (boxes[:, 2:] > 0).all(1)
    count = int(solid.sum())
    if not count:
        return labels
    small = solid & ((boxes >= 0) & (boxes <= _ROUNDING)).all(1) & (sides >= _LARGE).all(1)
    shares = int(small.sum())
    if shares == count:
        _check_shares(labels, boxes[solid])
        note = f"the boxes of all {count} objects are shares of the sides of their photos (0..1)"
        scaled = boxes * np.tile(sides, 2)
        return replace(labels, boxes=scaled, notes=(*labels.notes, f"{note}; scaled to pixels"))
    if shares > count / 2:
        raise InputError(
            f"{labels.file}: {shares} of {count} boxes are within 0..1, as if shares of the "
            "sides, and the others are not; write all in pixels or all as shares"
        )
    _check_inside(labels, boxes[solid], sides[solid])
    return labels


def _check_shares(labels: Labels, boxes: np.ndarray) -> None:
    beyond = int((boxes[:, :2] + boxes[:, 2:] > _ROUNDING).any(1).sum())
    if beyond:
        raise InputError(
            f"{labels.file}: all boxes are within 0..1, as shares of the sides, and {beyond} of "
            f"{len(boxes)} leave their photos; write [x, y, width, height], in pixels"
        )


def _check_inside(labels: Labels, boxes: np.ndarray, sides: np.ndarray) -> None:
    slack = 1 + _SLACK * sides
    ends = boxes[:, :2] + boxes[:, 2:]
    beyond = ((ends > sides + slack) | (boxes[:, :2] < -slack)).any(1)
    count, total = int(beyond.sum()), len(boxes)
    problem = f"{labels.file}: {count} of {total} boxes leave their photos"
    as_corners = (boxes[:, 2:] > boxes[:, :2]) & (boxes[:, 2:] <= sides + slack)
    if total >= _FEW and count > total / 3 and as_corners.all():
        raise InputError(
            f"{problem}, and all fit when their last two numbers are taken for the right and the "
            "lower edge; write [x, y, width, height]"
        )
    if total >= _MANY and count > 0.8 * total:
        raise InputError(
            f"{problem}; check that they are pixels of these photos and not of larger ones"
        )
