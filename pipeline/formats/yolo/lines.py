"""Reads one file of YOLO's lines: a class and a box, or a class and the corners of an outline."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.text_files import read_lines

# Tools round a box that ends at the edge to a bit beyond it.
_ROUNDING = 1e-3


@dataclass(frozen=True)
class YoloObject:
    """One line; `box` is `[x, y, width, height]` as shares of the photo.

    `rounded` says that a share was a bit outside 0..1 and was set to the edge.
    """

    label: int
    box: tuple[float, float, float, float]
    score: float | None
    outline: bool
    rounded: bool


def read_yolo_lines(file: Path, *, keypoints: int = 0) -> list[YoloObject]:
    """Return the objects of a photo; a file that is absent or empty has none.

    Five numbers are class, centre and size; six have a model's confidence besides; seven and more,
    an odd count, are class and corners, four of them in the OBB form
    (https://docs.ultralytics.com/datasets/, detect, obb and segment).

    Args:
        file: the text.
        keypoints: how many numbers of keypoints follow the box in each line.

    Raises:
        InputError: a line that is none of these, or a share outside 0..1.
    """
    return [
        _object(line, f"{file}: line {number}", keypoints)
        for number, line in enumerate(read_lines(file), 1)
        if line.strip()
    ]


def _object(line: str, place: str, keypoints: int) -> YoloObject:
    try:
        label, *numbers = map(float, line.split())
    except ValueError:
        raise InputError(f"{place}: {line[:60]!r} is not all numbers; correct it") from None
    if not (label.is_integer() and label >= 0):
        raise InputError(f"{place}: class {line.split()[0]} is no whole number; correct it")
    shares, score = _shares(numbers, place, keypoints)
    if not all(-_ROUNDING <= share <= 1 + _ROUNDING for share in shares):
        raise InputError(
            f"{place}: {line[:60]!r} has a number outside 0..1; give shares of the photo's sides, "
            "not pixels"
        )
    inside = [min(max(share, 0.0), 1.0) for share in shares]
    outline = len(inside) > 4
    box = _box_around(inside) if outline else _box_of_centre(*inside)
    return YoloObject(int(label), box, score, outline, inside != shares)


def _shares(numbers: list[float], place: str, keypoints: int) -> tuple[list[float], float | None]:
    """Return the numbers that tell where an object is, and a confidence if there is one."""
    count = len(numbers)
    if keypoints and count == 4 + keypoints:
        return numbers[:4], None
    if count == 5 and not keypoints:
        if not (isfinite(numbers[4]) and 0 <= numbers[4] <= 1):
            raise InputError(f"{place}: confidence {numbers[4]} is outside 0..1; correct it")
        return numbers[:4], numbers[4]
    if count == 4 or (count >= 6 and count % 2 == 0 and not keypoints):
        return numbers, None
    wanted = f"5 or {5 + keypoints}" if keypoints else "5, 6, or 7 and more by twos"
    raise InputError(f"{place}: has {count + 1} numbers, not {wanted}; correct it")


def _box_of_centre(
    x: float, y: float, width: float, height: float
) -> tuple[float, float, float, float]:
    return x - width / 2, y - height / 2, width, height


def _box_around(corners: list[float]) -> tuple[float, float, float, float]:
    xs, ys = corners[::2], corners[1::2]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
