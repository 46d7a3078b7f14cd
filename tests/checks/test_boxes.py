"""Checks of boxes: what is unusual, and histograms that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks import boxes as box_checks
from pipeline.checks.boxes import check_boxes
from pipeline.findings import ASPECTS, GRID, SHOWN, SIDE_BINS
from pipeline.tables.build import build_tables
from tests.data.making import labels, pascal


def checks(*objects, input_side=100):
    """Return the checks of boxes (photo, class, xywh) in photos of 100 x 50."""
    rows = [(photo, name, xywh, 0) for photo, name, xywh in objects]
    return check_boxes(build_tables(labels(pascal(rows, ["train"] * 3))).objects, input_side)


def test_an_ordinary_box_is_in_the_histograms_and_nowhere_else():
    found = checks((0, "cat", (10, 10, 50, 25)))  # a quarter of the photo: half of its side
    kinds = (found.repeated, found.tiny, found.pixel_sized, found.long)
    assert [kind.count for kind in kinds] == [0, 0, 0, 0]
    assert found.sides[SIDE_BINS // 2] == sum(found.sides) == 1
    assert found.aspects[len(ASPECTS) // 2 + 2] == sum(found.aspects) == 1  # 2 : 1 begins its bin
    x, y = 35, 22.5  # its centre
    assert found.centres[int(y / 50 * GRID)][int(x / 100 * GRID)] == 1
    assert np.sum(found.centres) == 1


def test_a_box_as_large_as_its_photo_is_in_the_last_bin():
    assert checks((0, "cat", (0, 0, 100, 50))).sides[-1] == 1


def test_a_box_is_repeated_in_its_photo_and_class_alone():
    box = (10, 10, 50, 25)
    found = checks((0, "cat", box), (0, "dog", box), (1, "cat", box)).repeated
    assert found.count == 0
    found = checks((0, "cat", box), (0, "dog", box), (0, "cat", (10.2, 10, 50, 24.9))).repeated
    assert found.count == 1  # to a pixel
    example = found.examples[0]
    assert (example.photo, example.image_id, example.name) == ("0.jpg", 7, "cat")
    assert example.box == pytest.approx((10.2, 10, 60.2, 34.9))


def test_tiny_is_told_by_the_input_and_a_pixel_by_the_photo():
    box = (0, "cat", (10, 10, 3, 3))  # 3 x 6 at 100 x 100
    assert checks(box).tiny.count == 1
    assert checks(box, input_side=200).tiny.count == 0
    assert checks(box).pixel_sized.count == 0
    assert checks((0, "cat", (10, 10, 1.5, 20))).pixel_sized.count == 1


@pytest.mark.parametrize(
    ("xywh", "long"), [((0, 0, 41, 4), 1), ((0, 0, 40, 4), 0), ((0, 0, 4, 44), 1)]
)
def test_a_box_over_ten_times_as_long_as_wide(xywh, long):
    assert checks((0, "cat", xywh)).long.count == long


def test_of_many_the_first_are_examples():
    found = checks(*[(0, "cat", (n, 1, 1, 1)) for n in range(30)]).tiny
    assert found.count == 30
    assert [one.box[0] for one in found.examples] == list(range(SHOWN))


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3)), min_size=1, max_size=30),
    st.integers(1, 9),
)
def test_blocks_of_any_size_give_the_same(boxes, block):
    objects = [(photo, "cat", (0, 0, side, side)) for photo, side in boxes]
    whole = checks(*objects)
    assert whole.repeated.count == len(boxes) - len(set(boxes))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(box_checks, "BLOCK", block)
        assert checks(*objects) == whole
