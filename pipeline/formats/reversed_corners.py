"""What becomes of boxes whose corners stand in the wrong order."""

from pathlib import Path

import numpy as np

from pipeline.errors import InputError

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
