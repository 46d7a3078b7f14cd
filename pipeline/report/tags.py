"""Where the tag of a box goes: at one of its corners, inside the picture, off the other tags."""

from collections.abc import Sequence

import numpy as np

from pipeline.boxes import paired_iou


def free_place(
    box: Sequence[float],
    size_wh: tuple[float, float],
    side: float,
    taken: Sequence[Sequence[float]],
) -> tuple[float, float, float, float] | None:
    """Return the xyxy place of a tag: the first free one of eight at the corners of its box.

    These are, in order: above and below the top edge, above and below the bottom edge, each at the
    left and then at the right. None if all are taken.

    Args:
        box: xyxy of the box that the tag names.
        size_wh: width and height of the tag.
        side: of the square that the tag must stay in; a place outside is moved inside.
        taken: xyxy places of the tags placed so far.
    """
    width, height = size_wh
    tops = (box[1] - height, box[1], box[3] - height, box[3])
    places = [
        _moved_inside(left, top, size_wh, side) for top in tops for left in (box[0], box[2] - width)
    ]
    others = np.reshape(taken, (-1, 4))
    iou = paired_iou(np.array(places)[:, None], others[None])  # (8, tags)
    free = np.flatnonzero(~(iou > 0).any(1))
    return places[free[0]] if len(free) else None


def _moved_inside(
    left: float, top: float, size_wh: tuple[float, float], side: float
) -> tuple[float, float, float, float]:
    """Return the xyxy place of a tag, moved so that all of it lies in the square."""
    width, height = size_wh
    left, top = max(0.0, min(left, side - width)), max(0.0, min(top, side - height))
    return (left, top, left + width, top + height)
