"""What the numbers of a whole set mean."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.tables.units import in_pixels
from tests.data.making import labels, pascal


def set_of(*boxes: tuple) -> Labels:
    """Return labels with these boxes in a photo of 100 x 50."""
    return labels(pascal([(0, "cat", box, 0) for box in boxes]))


def test_no_boxes_and_none_with_area_stay() -> None:
    assert in_pixels(set_of()).boxes.shape == (0, 4)
    flat = set_of((0.5, 0.5, 0, 0.1))
    assert in_pixels(flat) is flat


def test_shares_are_scaled_with_a_note() -> None:
    found = in_pixels(set_of((0.03, 0.4, 0.55, 0.43), (0, 0, 1, 1), (0.5, 0.5, 0, 0)))
    assert found.boxes.round(6).tolist() == [[3, 20, 55, 21.5], [0, 0, 100, 50], [50, 25, 0, 0]]
    assert found.notes == (
        "the boxes of all 2 objects are shares of the sides of their photos (0..1); scaled to "
        "pixels",
    )


def test_pixels_stay_even_a_box_of_one() -> None:
    found = set_of((0, 0, 1, 1), (5, 5, 20, 10), (0, 0, 100, 50))
    assert in_pixels(found) is found


def test_photos_of_a_few_pixels_may_have_boxes_of_one() -> None:
    found = set_of((0, 0, 1, 1))
    tiny = found.images.set_column(2, "width", [[2] * 3]).set_column(3, "height", [[2] * 3])
    found = replace(found, images=tiny)
    assert in_pixels(found) is found


def corners(box: tuple) -> tuple:
    x, y, width, height = box
    return x, y, x + width, y + height


GOOD = [(60, 10, 30, 20), (10, 30, 30, 15), (70, 20, 20, 20), (5, 5, 10, 10)]


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([(0.1, 0.1, 0.5, 0.5)] * 2 + [(5, 5, 20, 10)], "2 of 3 boxes are within 0..1, as if"),
        ([(0.5, 0.5, 0.9, 0.9), (0, 0, 0.5, 0.5)], "within 0..1, .* and 1 of 2 leave their"),
        ([corners(box) for box in GOOD], "3 of 4 boxes leave their photos, and all fit when"),
        ([(300, 200, 50, 50)] * 10, "10 of 10 boxes leave their photos; check that they are"),
    ],
)
def test_what_cannot_be_pixels_is_refused(boxes: list[tuple], message: str) -> None:
    with pytest.raises(InputError, match=rf"^annotations.json: .*{message}") as caught:
        in_pixels(set_of(*boxes))
    assert "; " in str(caught.value) and "\n" not in str(caught.value)


def test_a_few_boxes_that_leave_their_photos_are_for_the_clip() -> None:
    found = set_of(*[(5, 5, 20, 10)] * 4, *[(90, 40, 50, 50)] * 6)
    assert in_pixels(found) is found
    edge = set_of(*[(0, 0, 101, 51)] * 20)  # a pixel beyond, as of inclusive corners
    assert in_pixels(edge) is edge


@given(st.lists(st.tuples(*[st.integers(0, 49), st.integers(0, 24)] * 2), min_size=1, max_size=20))
def test_boxes_inside_their_photos_are_never_touched_but_as_shares(boxes: list[tuple]) -> None:
    found = set_of(*[(x, y, w + 2, h + 2) for x, y, w, h in boxes])
    assert np.array_equal(in_pixels(found).boxes, found.boxes)
