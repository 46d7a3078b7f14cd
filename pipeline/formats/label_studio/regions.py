"""Converts regions of Label Studio to boxes in pixels."""

from collections.abc import Iterable, Sequence
from math import cos, isfinite, radians, sin

from pipeline.errors import InputError
from pipeline.formats.names import fault_of_name
from pipeline.formats.numbers import is_side

_CLASSES = ("rectanglelabels", "polygonlabels", "ellipselabels", "labels")
_SIDES = {"x", "y", "width", "height"}
_RADII = {"x", "y", "radiusX", "radiusY"}


def region_size(region: dict, place: str) -> tuple[int, int]:
    """Return width and height of the photo that a region was drawn on.

    Raises:
        InputError: the region does not have them.
    """
    size = region.get("original_width"), region.get("original_height")
    width, height = size
    if is_side(width) and is_side(height):
        return width, height
    raise InputError(
        f"{place}: original_width, original_height: {size} is not a size in pixels; correct it"
    )


def region_class(value: dict, place: str) -> str | None:
    """Return the class of a region, None if it has none.

    Raises:
        InputError: it has several, or one that is not a name.
    """
    classes: object = next((value[key] for key in _CLASSES if value.get(key)), [])
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise InputError(f"{place}: classes {classes!r} are not a list of names; correct them")
    if len(classes) > 1:
        raise InputError(f"{place}: has the classes {' and '.join(classes)}; keep one")
    if classes and (fault := fault_of_name(classes[0])):
        raise InputError(f"{place}: class {classes[0]!r} {fault}")
    return classes[0] if classes else None


def ids_with_class(regions: Iterable[dict]) -> set[str]:
    """Return the ids of the regions of a task that have a class.

    A region has several results, which share its id, if its shape and class come from different
    tags, or if annotators are asked for more.
    """
    return {
        region["id"]
        for region in regions
        if isinstance(region.get("id"), str)
        and isinstance(value := region.get("value"), dict)
        and any(value.get(key) for key in _CLASSES)
    }


def is_upright(value: dict) -> bool:
    """Return whether a region is a rectangle without rotation."""
    return value.keys() >= _SIDES and not value.get("rotation")


def region_box(
    value: dict, size: tuple[int, int], place: str
) -> tuple[float, float, float, float] | None:
    """Return the box around a region, None if it has no area, such as a point or a brush.

    Args:
        value: of the region, in percent of the photo as shown. Rectangles are rotated clockwise
            about their upper left corner
            (https://labelstud.io/guide/export, units of image annotations).
        size: width and height of the photo.
        place: for messages.

    Returns:
        `[x, y, width, height]` in pixels.

    Raises:
        InputError: a value is not a finite number, or a side is negative.
    """
    if value.keys() >= _SIDES:
        x, y, width, height = _percents(
            [value[key] for key in ("x", "y", "width", "height")], place
        )
        if width < 0 or height < 0:
            raise InputError(f"{place}: width or height is negative; correct it")
        box = _scaled([(x, y), (x + width, y + height)], size)
        angle = _percents([value.get("rotation") or 0], place)[0]
        return _box_around(_turned(box[0], box[1], angle) if angle else box)
    if value.keys() >= _RADII:
        x, y, across, down = _percents(
            [value[key] for key in ("x", "y", "radiusX", "radiusY")], place
        )
        return _box_around(_scaled([(x - across, y - down), (x + across, y + down)], size))
    points = value.get("points")
    if not isinstance(points, list) or len(points) < 3:
        return None
    if not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise InputError(f"{place}: points: not a list of [x, y]; correct it")
    sides = _percents([side for point in points for side in point], place)
    return _box_around(_scaled(list(zip(sides[::2], sides[1::2], strict=True)), size))


def _percents(numbers: Sequence[object], place: str) -> list[float]:
    for number in numbers:
        if type(number) not in (int, float) or not isfinite(number):  # type: ignore[arg-type]
            raise InputError(f"{place}: {number!r} is not a finite number; correct it")
    return [float(number) for number in numbers]  # type: ignore[arg-type]


def _scaled(points: list[tuple[float, float]], size: tuple[int, int]) -> list[tuple[float, float]]:
    return [(x * size[0] / 100, y * size[1] / 100) for x, y in points]


def _turned(
    corner: tuple[float, float], opposite: tuple[float, float], angle: float
) -> list[tuple[float, float]]:
    """Return the four corners of a rectangle rotated about its first."""
    (x, y), width, height = corner, opposite[0] - corner[0], opposite[1] - corner[1]
    along, across = cos(radians(angle)), sin(radians(angle))
    offsets = ((0, 0), (width, 0), (width, height), (0, height))
    return [(x + dx * along - dy * across, y + dx * across + dy * along) for dx, dy in offsets]


def _box_around(points: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
