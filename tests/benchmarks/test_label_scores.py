"""Label scores tried on other photos, on detections to count by hand."""

import numpy as np
import pytest

from benchmarks.label_scores import f1, in_photos, own_scores, tried
from pipeline.evaluate.detections import Detections, Truth

BOX = np.array([0.0, 0, 10, 10])
# Photos 0 to 3 have an object each, of the classes 0, 1, 0, 1. Each is found, and each photo has a
# false box besides, which scores higher than the true ones of class 1 alone.
TRUTH = Truth(np.arange(4), np.tile(BOX, (4, 1)), np.array([0, 1, 0, 1]), np.zeros(4, bool))
FOUND = Detections(
    np.repeat(np.arange(4), 2),
    np.tile(np.stack([BOX, BOX + 50]), (4, 1)),
    np.repeat([0, 1, 0, 1], 2),
    np.array([0.9, 0.6, 0.3, 0.1] * 2),
)


def test_own_scores_are_in_the_middle_between_right_and_wrong():
    assert own_scores(TRUTH, FOUND, 3, 0.7).tolist() == pytest.approx([0.75, 0.2, 0.7])


def test_f1_of_the_labels_that_scores_give():
    assert f1(TRUTH, FOUND, np.array([0.75, 0.2])) == 1
    # All eight are kept, and four of them are right: 2 x 4 / (8 + 4).
    assert f1(TRUTH, FOUND, np.zeros(2)) == pytest.approx(2 / 3)


def test_without_labels_and_objects_there_is_nothing_to_find():
    assert f1(*in_photos(TRUTH, FOUND, np.array([9])), np.zeros(2)) == 0


def test_what_is_chosen_on_some_photos_is_tried_on_others():
    row = tried(TRUTH, FOUND, np.array([0, 1]), np.array([2, 3]), 2)
    # One score for all is .2, which keeps the false box of .6: 2 x 2 / (3 + 2).
    assert row["one for all"] == pytest.approx(0.8)
    assert row["of each class"] == 1
    truth, found = in_photos(TRUTH, FOUND, np.array([1]))
    assert truth.labels.tolist() == [1] and found.scores.tolist() == [0.3, 0.1]
