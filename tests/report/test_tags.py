import pytest

from pipeline.report.tags import free_place

TAG, SIDE = (30, 10), 200
BOX = [50, 60, 150, 160]
ABOVE_LEFT, ABOVE_RIGHT = (50, 50, 80, 60), (120, 50, 150, 60)


def test_the_first_tag_lies_on_the_top_left_corner():
    assert free_place(BOX, TAG, SIDE, []) == ABOVE_LEFT


def test_a_taken_corner_is_left_to_the_other_tag():
    assert free_place(BOX, TAG, SIDE, [ABOVE_LEFT]) == ABOVE_RIGHT
    assert free_place(BOX, TAG, SIDE, [ABOVE_LEFT, ABOVE_RIGHT]) == (50, 60, 80, 70)


def test_no_place_is_left_in_a_crowd():
    assert free_place(BOX, TAG, SIDE, [(0, 0, SIDE, SIDE)]) is None


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ([0, 0, 0, 0], (0, 0, 30, 10)),
        ([-20, -20, 40, 40], (0, 0, 30, 10)),
        ([190, 195, 200, 200], (170, 185, 200, 195)),
    ],
)
def test_a_tag_stays_in_the_picture(box, place):
    assert free_place(box, TAG, SIDE, []) == place
