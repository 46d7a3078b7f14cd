"""Boxes that are rotated, in parts, or with corners in the wrong order."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.formats.labels import LabelledBox
from pipeline.formats.upright_boxes import (
    around_parts,
    around_turned,
    degrees_of,
    note_reversed,
    note_turned,
    upright,
)


def test_no_boxes_and_a_box_without_area() -> None:
    assert upright(np.empty((0, 4)))[1] == 0
    boxes, count = upright(np.array([[5.0, 5, 0, 3]]))
    assert (boxes.tolist(), count) == ([[5, 5, 0, 3]], 0)


def test_a_negative_size_begins_at_the_other_corner() -> None:
    given_boxes = np.array([[40.0, 5, -20, 15], [20, 30, -15, -25], [1, 2, 3, 4]])
    boxes, count = upright(given_boxes)
    assert boxes.tolist() == [[20, 5, 20, 15], [5, 5, 15, 25], [1, 2, 3, 4]]
    assert count == 2
    assert given_boxes[0, 2] == -20, "the argument stays"


@given(st.lists(st.tuples(*[st.integers(0, 99)] * 4), max_size=5))
def test_the_order_of_the_corners_makes_no_difference(corners: list[tuple]) -> None:
    one = np.array(corners, np.float64).reshape(-1, 4)
    ways = [one, one[:, [2, 3, 0, 1]], one[:, [2, 1, 0, 3]]]
    boxes = [upright(np.concatenate([w[:, :2], w[:, 2:] - w[:, :2]], -1))[0] for w in ways]
    assert boxes[0].tolist() == boxes[1].tolist() == boxes[2].tolist()


def test_few_are_noted_and_most_are_refused() -> None:
    assert note_reversed(0, 20, Path("x")) == []
    assert note_reversed(2, 3, Path("x")) == [
        "boxes with corners in reversed order, read the right way round: 2"
    ]
    assert len(note_reversed(10, 20, Path("x"))) == 1
    with pytest.raises(InputError, match=r"x: 11 of 20 boxes have their right edge left of .*; "):
        note_reversed(11, 20, Path("x"))


def test_no_boxes_and_boxes_that_look_the_same_turned() -> None:
    assert around_turned(np.empty((0, 4)), np.empty(0))[1] == 0
    boxes = np.array([[10.0, 10, 20, 10], [1.1, 2.2, 3.3, 4.4], [5, 5, 0, 3]])
    found, count = around_turned(boxes, np.array([0.0, 180, -360]))
    assert (found.tolist(), count) == (boxes.tolist(), 0)


def test_the_box_around_a_turned_one() -> None:
    boxes = np.array([[10.0, 10, 20, 10], [0, 0, 2, 2], [1, 2, 3, 4], [30, 20, -20, -10]])
    found, count = around_turned(boxes, np.array([90.0, 45, 0, -90]))
    expected = [[15, 5, 10, 20], [1 - 2**0.5, 1 - 2**0.5, 8**0.5, 8**0.5], boxes[2]]
    np.testing.assert_allclose(found, [*expected, [15, 5, 10, 20]], atol=1e-12)
    assert (count, boxes[0].tolist()) == (3, [10, 10, 20, 10])
    assert note_turned(0) == []
    assert note_turned(3) == ["turned boxes, read as the boxes around them: 3"]


@pytest.mark.parametrize("rotation", [None, "left", "nan", [90], "", 10**400])
def test_what_is_no_angle_turns_no_box(rotation: object) -> None:
    assert degrees_of(rotation) == 0
    assert (degrees_of(90), degrees_of("-4.5")) == (90, -4.5)


def test_parts_of_one_photo_class_and_group_are_one_object() -> None:
    boxes = [
        LabelledBox(0, "cat", [0, 0, 2, 3], score=0.25),
        LabelledBox(0, "dog", [5, 5, 1, 1]),
        LabelledBox(0, "cat ", [8, 1, 2, 9], ignore=True, score=0.75),
        LabelledBox(0, "cat", [0, 0, 1, 1]),
        LabelledBox(0, "cat", [0, 0, 1, 1]),
        LabelledBox(1, "cat", [0, 0, 1, 1]),
    ]
    found, notes = around_parts(boxes, [7, 7, 7, None, None, 7])
    whole = LabelledBox(0, "cat", [0, 0, 10, 10], ignore=True, score=0.75)
    assert found == [whole, boxes[1], *boxes[3:]]
    assert notes == ["2 shapes of one class and group are parts of 1 object, in one box each"]
    assert around_parts(boxes, [None] * 6) == (boxes, [])
    assert around_parts([], []) == ([], [])
