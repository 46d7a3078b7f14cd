from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evaluate.confusion import confused_pairs, confusion_matrix, count_pairs
from pipeline.evaluate.detections import take
from tests.evaluate.test_error_kinds import CAT, DOG, WORKED_FOUND, WORKED_TRUTH, tall
from tests.evaluate.test_voc_ap import FAR, LEFT, RIGHT, found, random_case, truth_of

NAMES = ["cat", "dog"]


def matrix_of(truth, detections):
    return confusion_matrix(truth, detections, 2).tolist()


def test_neither_objects_nor_detections():
    assert matrix_of(truth_of(), found()) == [[0, 0, 0]] * 3


def test_without_detections_all_is_missed_and_without_objects_all_is_background():
    truth = truth_of((1, LEFT, CAT, False), (1, RIGHT, DOG, False), (2, LEFT, DOG, False))
    assert matrix_of(truth, found()) == [[0, 0, 1], [0, 0, 2], [0, 0, 0]]
    detections = found((1, LEFT, CAT, 0.9), (3, LEFT, DOG, 0.9))
    assert matrix_of(truth_of(), detections) == [[0, 0, 0], [0, 0, 0], [1, 1, 0]]


def test_by_hand():
    # Of four cats two are found; of two dogs one is taken for a cat. The bad boxes, the duplicate
    # and the one on nothing are cats where there is background.
    assert matrix_of(WORKED_TRUTH, WORKED_FOUND) == [[2, 0, 2], [1, 0, 1], [4, 0, 0]]


def test_the_higher_score_chooses_first_whatever_its_class():
    truth = truth_of((1, LEFT, CAT, False))
    right, wrong = (1, tall(0, 9), CAT, 0.6), (1, LEFT, DOG, 0.7)
    assert matrix_of(truth, found(right, wrong)) == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert matrix_of(truth, found((*right[:3], 0.8), wrong)) == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_a_second_best_object_will_do_where_the_best_is_taken():
    truth = truth_of((1, LEFT, CAT, False), (1, [3, 0, 13, 10], DOG, False))
    both_nearest_the_cat = found((1, LEFT, CAT, 0.9), (1, [1, 0, 11, 10], DOG, 0.8))
    assert matrix_of(truth, both_nearest_the_cat) == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_the_iou_must_exceed_a_half():
    truth = truth_of((1, LEFT, CAT, False))
    assert matrix_of(truth, found((1, tall(0, 5), CAT, 0.9))) == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_ignored_objects_are_not_missed_and_excuse_any_class():
    truth = truth_of((1, LEFT, CAT, True))
    detections = found((1, LEFT, CAT, 0.9), (1, LEFT, DOG, 0.8), (1, FAR, DOG, 0.7))
    assert matrix_of(truth, detections) == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_an_object_goes_before_an_ignored_one():
    truth = truth_of((1, LEFT, CAT, True), (1, tall(0, 9), CAT, False))
    assert matrix_of(truth, found((1, LEFT, CAT, 0.9)))[0] == [1, 0, 0]


def test_labels_outside_the_classes_are_refused():
    with pytest.raises(ValueError, match=r"Truth has labels 2\.\.2"):
        matrix_of(truth_of((1, LEFT, 2, False)), found())
    with pytest.raises(ValueError, match=r"Detections has labels 2\.\.2"):
        matrix_of(truth_of(), found((1, LEFT, 2, 0.9)))


def test_a_row_for_each_count():
    assert confused_pairs(np.zeros((3, 3), int), NAMES) == []
    matrix = np.array([[2, 0, 1], [1, 0, 0], [0, 3, 0]])
    pairs = confused_pairs(matrix, NAMES)
    assert count_pairs(pairs, NAMES).tolist() == matrix.tolist()
    assert [(pair.actual, pair.predicted) for pair in pairs] == [
        ("cat", "cat"),
        ("cat", "cat"),
        ("cat", "(missed)"),
        ("dog", "cat"),
        *[("(background)", "dog")] * 3,
    ]


@settings(max_examples=50)
@given(seed=st.integers(0, 2**32), found_per_photo=st.integers(0, 20))
def test_every_object_is_in_its_row_and_every_detection_in_its_column(seed, found_per_photo):
    truth, detections, _ = random_case(seed, 4, found_per_photo, 3)
    detections = take(detections, detections.scores >= 0.5)
    predicted = np.bincount(detections.labels, minlength=3)
    for counted in (truth, replace(truth, ignore=np.zeros_like(truth.ignore))):
        matrix = confusion_matrix(counted, detections, 3)
        objects = np.bincount(counted.labels[~counted.ignore], minlength=3)
        assert matrix[:-1].sum(1).tolist() == objects.tolist()
        assert (matrix[:, :-1].sum(0) <= predicted).all()  # some lie on ignored objects
        assert matrix[-1, -1] == 0
    assert matrix[:, :-1].sum(0).tolist() == predicted.tolist()
