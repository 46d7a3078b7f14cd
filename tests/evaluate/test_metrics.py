import warnings

import numpy as np
import pytest

from pipeline.evaluate.metrics import accuracy, l1_px, mean_iou

NO_BOXES = np.zeros((0, 4))
SQUARE = np.array([[0.0, 0, 10, 10]])


@pytest.mark.parametrize(
    ("metric", "nothing"), [(accuracy, np.zeros(0, int)), (l1_px, NO_BOXES), (mean_iou, NO_BOXES)]
)
def test_no_photos_give_nan_without_a_warning(metric, nothing):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(metric(nothing, nothing))


@pytest.mark.parametrize(
    ("metric", "truth", "predicted"),
    [
        (accuracy, np.zeros(3, int), np.zeros(1, int)),
        (l1_px, np.zeros((3, 4)), np.zeros((1, 4))),
        (mean_iou, np.zeros((3, 4)), np.zeros((1, 4))),
    ],
)
def test_sides_of_different_length_are_refused_not_broadcast(metric, truth, predicted):
    with pytest.raises(ValueError, match="truth has shape"):
        metric(truth, predicted)


def test_accuracy_counts_right_labels():
    assert accuracy(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1])) == 0.75


def test_l1_is_the_mean_over_photos_and_coordinates():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 10]], dtype=np.uint8)  # 1 - 2 would wrap round
    predicted = np.array([[1, 2, 13, 14], [0, 0, 10, 10]], dtype=np.uint8)
    assert l1_px(boxes, predicted) == (1 + 2 + 3 + 4) / 8


@pytest.mark.parametrize(
    ("predicted", "iou"),
    [
        ([5, 5, 5, 5], 0),  # no area
        ([10, 10, 0, 0], 0),  # inside out
        ([10, 0, 20, 10], 0),  # side by side
        ([5, 0, 15, 10], 50 / 150),
        ([0, 0, 10, 5], 50 / 100),
        ([0, 0, 10, 10], 1),
    ],
)
def test_mean_iou_of_one_photo(predicted, iou):
    assert mean_iou(SQUARE, np.array([predicted])) == pytest.approx(iou)


def test_mean_iou_of_two_empty_boxes_is_zero():
    assert mean_iou(np.zeros((1, 4)), np.zeros((1, 4))) == 0


def test_mean_iou_averages_over_photos():
    predicted = np.array([[0, 0, 10, 10], [20, 20, 30, 30]])
    assert mean_iou(np.repeat(SQUARE, 2, 0), predicted) == 0.5
