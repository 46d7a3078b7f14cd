"""What becomes of boxes that are turned, in parts, or whose corners stand in the wrong order."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path

import numpy as np

from pipeline.errors import InputError, counted
from pipeline.formats.labels import LabelledBox
from pipeline.formats.names import plain_name

_MOST = 0.5
_ENOUGH = 10  # boxes by which a whole set can be judged


def upright(boxes: np.ndarray) -> tuple[np.ndarray, int]:
    """Return `(O, 4)` xywh boxes with sizes that are not negative, and how many were changed.

    Who draws from the lower right corner to the upper left leaves the same rectangle with its
    corners in the other order. Without the box its object would be learnt as background.
    """
    negative = boxes[:, 2:] < 0
    if not negative.any():
        return boxes, 0
    boxes = boxes.copy()
    boxes[:, :2] += np.where(negative, boxes[:, 2:], 0)
    boxes[:, 2:] = np.abs(boxes[:, 2:])
    return boxes, int(negative.any(1).sum())


def note_reversed(count: int, total: int, file: Path) -> list[str]:
    """Return the sentence for the report, none if no box was reversed.

    Raises:
        InputError: most are, so that the numbers must mean something else than corners.
    """
    if total >= _ENOUGH and count > _MOST * total:
        raise InputError(
            f"{file}: {count} of {total} boxes have their right edge left of the left one or their "
            "lower edge above the upper one; their numbers mean something else (sizes in place of "
            "corners?), export them again"
        )
    if not count:
        return []
    return [f"boxes with corners in reversed order, read the right way round: {count}"]


def around_turned(boxes: np.ndarray, degrees: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the upright boxes around turned ones, and how many were turned.

    Args:
        boxes: `(O, 4)` xywh as they were before they were turned.
        degrees: `(O,)` by which each is turned about its centre; either way round, as the box
            around it is the same.
    """
    turned = degrees % 180 != 0
    if not turned.any():
        return boxes, 0
    boxes, angles = boxes.copy(), np.radians(degrees[turned])
    across, along = np.abs(np.cos(angles)), np.abs(np.sin(angles))
    width, height = np.abs(boxes[turned, 2:]).T
    sides = np.stack([width * across + height * along, width * along + height * across], 1)
    boxes[turned, :2] += (boxes[turned, 2:] - sides) / 2
    boxes[turned, 2:] = sides
    return boxes, int(turned.sum())


def degrees_of(rotation: object) -> float:
    """Return by how much CVAT has turned a box, as its attribute `rotation` says; 0 if it is none.

    In exports other than its own, people's attributes of any meaning stand beside it.
    """
    try:
        degrees = float(rotation) if isinstance(rotation, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return degrees if isfinite(degrees) else 0.0


def note_turned(count: int) -> list[str]:
    """Return the sentence for the report, none if no box was turned."""
    return [f"turned boxes, read as the boxes around them: {count}"] if count else []


def around_parts(
    boxes: Sequence[LabelledBox], groups: Sequence[int | str | None]
) -> tuple[list[LabelledBox], list[str]]:
    """Return boxes in which one is around the parts of each object, and a note of them.

    An object that something hides in the middle is drawn in parts: shapes of one photo, class and
    group. It is ignored if one of them is, and has the highest of their scores.

    Args:
        boxes: of all shapes.
        groups: of each shape; None for one that is in no group.
    """
    objects: dict[object, list[LabelledBox]] = {}
    for at, (box, group) in enumerate(zip(boxes, groups, strict=True)):
        key = at if group is None else (box.row, plain_name(box.name), group)
        objects.setdefault(key, []).append(box)
    several = [parts for parts in objects.values() if len(parts) > 1]
    if not several:
        return list(boxes), []
    count = sum(map(len, several))
    whole = counted(len(several), "object")
    return list(map(_whole, objects.values())), [
        f"{count} shapes of one class and group are parts of {whole}, in one box each"
    ]


def _whole(parts: list[LabelledBox]) -> LabelledBox:
    """Return the box around the parts of an object."""
    sides = np.array([part.box for part in parts])
    start, end = sides[:, :2].min(0), (sides[:, :2] + sides[:, 2:]).max(0)
    scores = [part.score for part in parts if part.score is not None]
    return replace(
        parts[0],
        box=[*start.tolist(), *(end - start).tolist()] if len(parts) > 1 else parts[0].box,
        ignore=any(part.ignore for part in parts),
        score=max(scores, default=None),
    )
