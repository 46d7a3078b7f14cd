"""Turns boxes that are rotated, in parts, or with corners in the wrong order into plain ones."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from pathlib import Path

import numpy as np

from pipeline.errors import InputError, counted
from pipeline.formats.labels import LabelledBox
from pipeline.formats.names import plain_name

_MOST = 0.5
_ENOUGH = 10  # boxes that suffice to judge a whole set


def upright(boxes: np.ndarray) -> tuple[np.ndarray, int]:
    """Return `(O, 4)` xywh boxes without negative sizes, and how many were changed.

    A box drawn from the lower right to the upper left is the same rectangle with its corners in the
    other order. If it were dropped, its object would be learned as background.
    """
    negative = boxes[:, 2:] < 0
    if not negative.any():
        return boxes, 0
    boxes = boxes.copy()
    boxes[:, :2] += np.where(negative, boxes[:, 2:], 0)
    boxes[:, 2:] = np.abs(boxes[:, 2:])
    return boxes, int(negative.any(1).sum())


def note_reversed(count: int, total: int, file: Path) -> list[str]:
    """Return the note for the report, empty if no box was reversed.

    Raises:
        InputError: most are, so the numbers must be something other than corners.
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
    """Return the upright boxes around rotated ones, and how many were rotated.

    Args:
        boxes: `(O, 4)` xywh before the rotation.
        degrees: `(O,)` rotation about the centre, in either direction, as the box around it is the
            same.
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
    """Return the degrees in CVAT's attribute `rotation` of a box; 0 if it is not a number.

    In formats other than CVAT's own, it may also be an attribute that people defined.
    """
    try:
        degrees = float(rotation) if isinstance(rotation, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0.0
    return degrees if isfinite(degrees) else 0.0


def note_turned(count: int) -> list[str]:
    """Return the note for the report, empty if no box was rotated."""
    return [f"turned boxes, read as the boxes around them: {count}"] if count else []


def around_parts(
    boxes: Sequence[LabelledBox], groups: Sequence[int | str | None]
) -> tuple[list[LabelledBox], list[str]]:
    """Return the boxes with one box around the parts of each object, and a note of these.

    An object that is partly hidden may be drawn in parts: shapes of one photo, class and group. It
    is ignored if one of them is, and has the highest of their scores.

    Args:
        boxes: of all shapes.
        groups: the group of each shape, None for a shape without one.
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
