import numpy as np
import pytest

from pipeline.evaluate.pairs import pairs_of_class, pairs_of_photo
from tests.evaluate.test_voc_ap import FAR, LEFT, RIGHT, found, truth_of

TRUTH = truth_of((1, LEFT, 0, False), (2, LEFT, 0, False), (1, RIGHT, 1, True))
LOWER_HALF = [0, 5, 10, 10]


@pytest.mark.parametrize(
    ("truth", "detections"),
    [(truth_of(), found()), (TRUTH, found()), (truth_of(), found((1, LEFT, 0, 0.9)))],
)
def test_without_one_side_there_is_no_pair(truth, detections):
    for pairs in (pairs_of_class(truth, detections, 2), pairs_of_photo(truth, detections)):
        assert len(pairs.detections) == len(pairs.objects) == len(pairs.iou) == 0
        best, iou = pairs.best(len(detections.photo))
        assert (best == -1).all() and (iou == 0).all() and len(best) == len(detections.photo)


def test_pairs_are_of_one_photo_and_where_asked_of_one_class():
    detections = found((3, LEFT, 0, 0.9), (1, LOWER_HALF, 0, 0.8), (2, LEFT, 1, 0.7))
    of_class, of_photo = pairs_of_class(TRUTH, detections, 2), pairs_of_photo(TRUTH, detections)
    assert (of_class.detections.tolist(), of_class.objects.tolist()) == ([1], [0])
    assert (of_photo.detections.tolist(), of_photo.objects.tolist()) == ([1, 1, 2], [0, 2, 1])
    np.testing.assert_allclose(of_photo.iou, [0.5, 0, 1])


def test_zero_area_boxes_overlap_nothing():
    point = [5, 5, 5, 5]
    pairs = pairs_of_photo(truth_of((1, point, 0, False)), found((1, point, 0, 0.9)))
    assert pairs.iou.tolist() == [0]


def test_best_is_the_most_overlapping_object_and_of_equals_the_first():
    truth = truth_of((1, LOWER_HALF, 0, False), (1, LEFT, 0, False), (1, LEFT, 0, False))
    detections = found((1, LEFT, 0, 0.9), (2, LEFT, 0, 0.9), (1, FAR, 0, 0.9))
    best, iou = pairs_of_photo(truth, detections).best(3)
    assert (best.tolist(), iou.tolist()) == ([1, -1, 0], [1, 0, 0])


def test_best_of_chosen_pairs():
    pairs = pairs_of_photo(TRUTH, found((1, LEFT, 0, 0.9), (2, LEFT, 0, 0.8)))
    best, iou = pairs.where(pairs.objects != 0).best(2)
    assert (best.tolist(), iou.tolist()) == ([2, 1], [0, 1])
