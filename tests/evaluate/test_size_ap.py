import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluate.size_ap import SIZES, SizeAp, ap_by_size
from pipeline.evaluate.voc_ap import voc_average_precision
from tests.evaluate.test_voc_ap import found, random_case, truth_of


def square(side, left=0):
    return [left, 0, left + side, side]


SMALL, MEDIUM, LARGE = square(10), square(50, 100), square(100, 200)
ELSEWHERE = 500


def sizes_of(truth, detections, num_classes=2):
    photos = np.union1d(truth.photo, detections.photo)
    return ap_by_size(truth, detections, photos, num_classes)


def by_size(truth, detections):
    return {size.size: (size.objects, size.ap) for size in sizes_of(truth, detections)}


def test_nothing_to_find_is_nan():
    sizes = sizes_of(truth_of(), found((1, SMALL, 0, 0.9)))
    assert [(size.size, size.objects) for size in sizes] == [(name, 0) for name in SIZES]
    assert np.isnan([size.ap for size in sizes]).all()


def test_nothing_found_is_zero():
    # In one photo, which says nothing of others: the interval is all there is.
    medium = sizes_of(truth_of((1, MEDIUM, 0, False)), found())[1]
    assert medium == SizeAp("medium", 1, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("box", "size"),
    [
        (square(0), "small"),
        ([0, 0, 32, 31.9], "small"),
        (square(32), "medium"),
        ([0, 0, 96, 95.9], "medium"),
        (square(96), "large"),
        ([0, 0, 1, 9216], "large"),  # it is the area that counts
    ],
)
def test_where_the_limits_lie(box, size):
    truth = truth_of((1, box, 0, False))
    objects = {name: count for name, (count, _) in by_size(truth, found()).items()}
    assert objects == {name: int(name == size) for name in SIZES}


def test_by_hand():
    # One object of each size; the small one is not found, and a large box lies on nothing.
    truth = truth_of((1, SMALL, 0, False), (1, MEDIUM, 0, False), (1, LARGE, 0, False))
    detections = found((1, square(120, ELSEWHERE), 0, 0.9), (1, MEDIUM, 0, 0.8), (1, LARGE, 0, 0.7))
    assert by_size(truth, detections) == {"small": (1, 0), "medium": (1, 1), "large": (1, 1 / 2)}


def test_a_right_detection_counts_with_its_object_whatever_its_own_size():
    # 31 x 31 is small, 36 x 31 is medium; their IoU is 31 / 36.
    truth = truth_of((1, square(31), 0, False))
    assert by_size(truth, found((1, [0, 0, 36, 31], 0, 0.9)))["small"] == (1, 1)
    assert np.isnan(by_size(truth, found((1, [0, 0, 36, 31], 0, 0.9)))["medium"][1])


def test_a_duplicate_of_another_size_leaves_the_ranking():
    truth = truth_of((1, square(31), 0, False), (2, square(31), 0, False))
    duplicate, second = (1, [0, 0, 36, 31], 0, 0.8), (2, square(31), 0, 0.7)
    detections = found((1, square(31), 0, 0.9), duplicate, second)
    assert by_size(truth, detections)["small"] == (2, 1)


def test_what_lies_on_an_object_of_another_size_leaves_the_ranking():
    truth = truth_of((1, LARGE, 0, False), (1, SMALL, 0, False))
    detections = found((1, LARGE, 0, 0.9), (1, SMALL, 0, 0.8))
    assert by_size(truth, detections)["small"] == (1, 1)


def test_ignored_objects_stay_ignored():
    truth = truth_of((1, SMALL, 0, True), (1, square(20, 50), 0, False))
    assert by_size(truth, found((1, SMALL, 0, 0.9), (1, square(20, 50), 0, 0.8)))["small"] == (1, 1)


def test_objects_of_all_classes_are_pooled():
    # Nine small cats are found, the one small dog is not: a mean over the classes would say .5.
    cats = [(photo, SMALL, 0, False) for photo in range(9)]
    truth = truth_of(*cats, (9, SMALL, 1, False))
    detections = found(*((photo, SMALL, 0, 0.9) for photo in range(9)))
    small = sizes_of(truth, detections)[0]
    assert (small.objects, small.ap) == (10, pytest.approx(0.9))
    assert small.low < 0.85 < 0.9 < small.high


def test_a_detection_still_has_to_name_the_class():
    assert by_size(truth_of((1, SMALL, 0, False)), found((1, SMALL, 1, 0.9)))["small"] == (1, 0)


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32))
def test_where_all_boxes_are_small_and_of_one_class_it_is_the_ap(seed):
    truth, detections, _ = random_case(seed, 4, 15, 1)  # no side is above 29
    small, medium, large = sizes_of(truth, detections, 1)
    whole = voc_average_precision(truth, detections, 1)
    np.testing.assert_allclose(small.ap, whole.mean_ap, atol=1e-12)
    assert small.objects == np.count_nonzero(~truth.ignore)
    assert medium.objects == large.objects == 0
