import numpy as np
import pytest

from pipeline.evaluate.largest import iou, is_class, l1_px

NO_BOXES = np.zeros((0, 4))
SQUARE = np.array([[0.0, 0, 10, 10]])


@pytest.mark.parametrize(
    ("metric", "nothing"), [(is_class, np.zeros(0, int)), (l1_px, NO_BOXES), (iou, NO_BOXES)]
)
def test_no_photos_give_no_numbers(metric, nothing):
    assert metric(nothing, nothing).shape == (0,)


@pytest.mark.parametrize(
    ("metric", "truth", "predicted"),
    [
        (is_class, np.zeros(3, int), np.zeros(1, int)),
        (l1_px, np.zeros((3, 4)), np.zeros((1, 4))),
        (iou, np.zeros((3, 4)), np.zeros((1, 4))),
    ],
)
def test_sides_of_different_length_are_refused_not_broadcast(metric, truth, predicted):
    with pytest.raises(ValueError, match="truth has shape"):
        metric(truth, predicted)


def test_right_labels_are_ones():
    assert is_class(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1])).tolist() == [1, 1, 1, 0]


def test_l1_is_the_mean_over_coordinates():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10]], dtype=np.uint8)  # 1 - 2 would wrap round
    predicted = np.array([[1, 2, 13, 14], [0, 0, 10, 10]], dtype=np.uint8)
    assert l1_px(boxes, predicted).tolist() == [(1 + 2 + 3 + 4) / 4, 0]


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ([5, 5, 5, 5], 0),  # no area
        ([10, 10, 0, 0], 0),  # inside out
        ([10, 0, 20, 10], 0),  # side by side
        ([5, 0, 15, 10], 50 / 150),
        ([0, 0, 10, 5], 50 / 100),
        ([0, 0, 10, 10], 1),
    ],
)
def test_iou_of_one_photo(predicted, expected):
    assert iou(SQUARE, np.array([predicted])) == pytest.approx([expected])


def test_iou_of_two_empty_boxes_is_zero():
    assert iou(np.zeros((1, 4)), np.zeros((1, 4))).tolist() == [0]


def test_iou_is_of_pairs():
    predicted = np.array([[0, 0, 10, 10], [20, 20, 30, 30]])
    assert iou(np.repeat(SQUARE, 2, 0), predicted).tolist() == [1, 0]
