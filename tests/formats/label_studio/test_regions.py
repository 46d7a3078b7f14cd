"""Regions of Label Studio against numbers that can be checked by hand."""

from math import sqrt

import pytest

from pipeline.errors import InputError
from pipeline.formats.label_studio.regions import (
    is_upright,
    region_box,
    region_class,
    region_size,
)

SIZE = (200, 100)


def rectangle(x: object, y: object, width: object, height: object, **more: object) -> dict:
    return {"x": x, "y": y, "width": width, "height": height} | more


@pytest.mark.parametrize(
    ("value", "box"),
    [
        (rectangle(10, 20, 0, 0), (20, 20, 0, 0)),
        (rectangle(10, 20, 50, 50), (20, 20, 100, 50)),
        (rectangle(50, 50, 10, 20, rotation=90), (80, 50, 20, 20)),  # down and to the left
        (rectangle(50, 50, 10, 20, rotation=-90), (100, 30, 20, 20)),  # up and to the right
        (rectangle(50, 50, 10, 20, rotation=180), (80, 30, 20, 20)),
        (
            rectangle(50, 50, 5, 10, rotation=45),
            (100 - 10 / sqrt(2), 50, 20 / sqrt(2), 20 / sqrt(2)),
        ),
        ({"x": 50, "y": 50, "radiusX": 10, "radiusY": 10}, (80, 40, 40, 20)),
        ({"points": [[0, 0], [50, 0], [0, 100]]}, (0, 0, 100, 100)),
    ],
)
def test_boxes(value: dict, box: tuple) -> None:
    assert region_box(value, SIZE, "task 1") == pytest.approx(box)


@pytest.mark.parametrize(
    "value",
    [{"x": 1, "y": 2, "width": 3}, {"points": [[1, 2], [3, 4]]}, {"rle": [1], "format": "rle"}],
)
def test_a_region_without_area_has_no_box(value: dict) -> None:
    assert region_box(value, SIZE, "task 1") is None


def test_upright() -> None:
    assert is_upright(rectangle(1, 2, 3, 4, rotation=0))
    assert not is_upright(rectangle(1, 2, 3, 4, rotation=1))
    assert not is_upright({"points": []})


def test_classes() -> None:
    assert region_class({"rectanglelabels": ["cat"]}, "task 1") == "cat"
    assert region_class({"labels": ["cat"]}, "task 1") == "cat"
    assert region_class({"rectanglelabels": []}, "task 1") is None
    with pytest.raises(InputError, match="task 1: has the classes cat and dog; keep one"):
        region_class({"polygonlabels": ["cat", "dog"]}, "task 1")
    with pytest.raises(InputError, match="task 1: classes 'cat' are not a list of names"):
        region_class({"polygonlabels": "cat"}, "task 1")


@pytest.mark.parametrize("name", [" ", "\ud800", "a\nb"])
def test_a_class_that_is_no_name(name: str) -> None:
    with pytest.raises(InputError, match=r"^task 1: class '.*' (is|holds) .*; "):
        region_class({"rectanglelabels": [name]}, "task 1")


def test_sizes() -> None:
    assert region_size({"original_width": 200, "original_height": 100}, "task 1") == SIZE
    with pytest.raises(
        InputError, match=r"original_height: \(0, None\) is not a size in pixels; correct"
    ):
        region_size({"original_width": 0}, "task 1")
    with pytest.raises(InputError, match=r"original_width, .* is not a size in pixels; correct"):
        region_size({"original_width": 9, "original_height": 2**31}, "task 1")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (rectangle(1, "2", 3, 4), "task 1: '2' is not a finite number; correct it"),
        (rectangle(1, float("nan"), 3, 4), "task 1: nan is not a finite number"),
        (rectangle(1, 2, None, 4), "task 1: None is not a finite number"),
        (rectangle(1, 2, -3, 4), "task 1: width or height is negative; correct it"),
        ({"points": [[1, 2], [3, 4], 5]}, "task 1: points: not a list of"),
    ],
)
def test_what_is_wrong_is_named(value: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        region_box(value, SIZE, "task 1")
