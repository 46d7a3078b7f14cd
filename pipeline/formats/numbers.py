"""Numbers in labels: which can be the size of a photo or a score."""

from typing import TypeGuard

from pipeline.errors import InputError

MOST_SIDE = 2**31 - 1  # pixels; the tables have 32 bits


def is_side(value: object) -> TypeGuard[int]:
    """Return whether a value in a file can be the side of a photo: a whole number of pixels.

    >>> [is_side(value) for value in (1, MOST_SIDE, 0, MOST_SIDE + 1, 1.0, True)]
    [True, True, False, False, False, False]
    """
    return type(value) is int and 0 < value <= MOST_SIDE


def checked_score(score: object, place: str) -> float | None:
    """Return a score that labels give a box, None where they give none.

    Args:
        score: as it was parsed; JSON's `true` is not a number.
        place: for messages.

    Raises:
        InputError: it is not a number in 0..1.
    """
    if score is None:
        return None
    if type(score) not in (int, float) or not 0 <= score <= 1:  # type: ignore[operator]
        raise InputError(
            f"{place}: score {score!r:.60} is not a number from 0 to 1; correct it, or leave it "
            "out where a person has labelled"
        )
    return float(score)  # type: ignore[arg-type]
