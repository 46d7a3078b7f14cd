"""Reads one YOLO label file: lines of a class and a box, or a class and an outline."""

import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.labels import MOST_CLASSES
from pipeline.formats.text_files import beginning_of, read_lines

# Rounding by tools can put the end of a box slightly beyond the edge.
_ROUNDING = 1e-3
_NUMBER = re.compile(rb"-?[0-9.,]+(e-?[0-9]+)?")


@dataclass(frozen=True)
class YoloObject:
    """One line; `box` is `[x, y, width, height]` as shares of the photo.

    `rounded` says that a share was slightly outside 0..1 and was clipped. `keypoints` is how many
    keypoints with visibility the numbers of an outline could be instead, 0 if they cannot.
    """

    label: int
    box: tuple[float, float, float, float]
    score: float | None
    outline: bool
    rounded: bool
    keypoints: int = 0


def read_yolo_lines(file: Path, *, keypoints: int = 0) -> list[YoloObject]:
    """Return the objects of a photo; a missing or empty file has none.

    Five numbers are class, centre and size; a sixth is a model's confidence. An odd count of seven
    or more is a class and corners, four of them in the OBB format
    (https://docs.ultralytics.com/datasets/, detect, obb and segment). Seven may also be a box with
    confidence and track id; see `_have_tracks`.

    Args:
        file: the label file.
        keypoints: how many numbers of keypoints follow the box in each line.

    Raises:
        InputError: a line is none of these, or a share is outside 0..1.
    """
    lines = {
        f"{file}: line {number}": line
        for number, line in enumerate(read_lines(file), 1)
        if line.strip()
    }
    numbers = {place: _numbers(line, place) for place, line in lines.items()}
    if not keypoints and _have_tracks(numbers):
        numbers = {place: _without_track(row, place) for place, row in numbers.items()}
    return [_object(row, lines[place], place, keypoints) for place, row in numbers.items()]


def begins_with_object(file: Path) -> bool:
    """Return whether the first line of a text is all numbers, and enough for an object."""
    first = beginning_of(file).lstrip().split(b"\n", 1)[0].split()
    return len(first) >= 5 and all(_NUMBER.fullmatch(word) for word in first)


def _numbers(line: str, place: str) -> list[float]:
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        commas = "has decimal commas; write points, and spaces between numbers"
        fault = commas if "," in line else "is not all numbers; correct it"
        raise InputError(f"{place}: {line[:60]!r} {fault}") from None


def _have_tracks(rows: dict[str, list[float]]) -> bool:
    """Return whether lines of seven numbers are boxes with confidence and track id.

    An outline of three points ends with a share, a track id is an integer, mostly above 1. If all
    lines of a file end with 0 or 1 and none is a longer outline, 0 is the photo's edge, as
    Ultralytics counts tracks from 1. But 1 may be either, and a wrong box would go unnoticed.

    Raises:
        InputError: it is ambiguous.
    """
    sevens = {place: row for place, row in rows.items() if len(row) == 7}
    if any(row[6] > 1 and row[6].is_integer() and row[5] <= 1 for row in sevens.values()):
        return True  # were row[5] above 1, too, all numbers would be pixels
    last = {place: row[6] for place, row in sevens.items()}
    is_outlines = any(not number.is_integer() for number in last.values())
    if is_outlines or any(len(row) > 7 for row in rows.values()):
        return False
    if unclear := next((place for place, number in last.items() if number == 1), None):
        raise InputError(
            f"{unclear}: may be an outline of 3 points or a box with confidence and track 1; "
            "repeat a point of the outline or leave out the track"
        )
    return False


def _without_track(row: list[float], place: str) -> list[float]:
    if len(row) != 7:
        return row
    if not (row[6].is_integer() and row[6] >= 0):
        raise InputError(f"{place}: track {row[6]} is not a whole number; correct it")
    return row[:6]


def _object(row: list[float], line: str, place: str, keypoints: int) -> YoloObject:
    label, *numbers = row
    if not (label.is_integer() and label >= 0):
        raise InputError(f"{place}: class {line.split()[0]} is not a whole number; correct it")
    if label >= MOST_CLASSES:  # else the names up to it might not fit into memory
        raise InputError(
            f"{place}: class {line.split()[0]} is above {MOST_CLASSES - 1}; number the classes "
            "from 0 on"
        )
    shares, score = _shares(numbers, place, keypoints)
    if not all(map(isfinite, shares)):
        raise InputError(f"{place}: {line[:60]!r} has a number that is not finite; correct it")
    if len(shares) == 4 and min(shares[2:]) < -_ROUNDING:
        raise InputError(f"{place}: {line[:60]!r} has a negative width or height; correct it")
    if not all(-_ROUNDING <= share <= 1 + _ROUNDING for share in shares):
        points = 0 if keypoints else _keypoints(numbers)
        remedy = f"kpt_shape: [{points}, 3] in data.yaml if these are keypoints"
        raise InputError(
            f"{place}: {line[:60]!r} has a number outside 0..1; give shares of the photo's sides, "
            f"not pixels{f', or {remedy}' * bool(points)}"
        )
    inside = [min(max(share, 0.0), 1.0) for share in shares]
    outline = len(inside) > 4
    box = _box_around(inside) if outline else _box_of_centre(*inside)
    points = _keypoints(numbers) if outline else 0
    return YoloObject(int(label), box, score, outline, inside != shares, points)


def _keypoints(numbers: list[float]) -> int:
    """Return how many keypoints (x, y, visibility) the numbers after a box may be, 0 if not."""
    seen = numbers[6::3]
    is_whole = len(numbers) == 4 + 3 * len(seen)
    return len(seen) if is_whole and all(number in (0, 1, 2) for number in seen) else 0


def _shares(numbers: list[float], place: str, keypoints: int) -> tuple[list[float], float | None]:
    """Return the numbers of the box or outline, and the confidence if there is one."""
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
