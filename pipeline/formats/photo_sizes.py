"""Widths and heights that labels tell of a photo."""

from typing import TypeGuard

MOST_SIDE = 2**31 - 1  # pixels; the tables have 32 bits


def is_side(value: object) -> TypeGuard[int]:
    """Return whether a value of a file is the side of a photo: a whole number of pixels.

    >>> [is_side(value) for value in (1, MOST_SIDE, 0, MOST_SIDE + 1, 1.0, True)]
    [True, True, False, False, False, False]
    """
    return type(value) is int and 0 < value <= MOST_SIDE
