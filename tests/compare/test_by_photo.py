"""Photos in which one rung finds objects that the other misses."""

import numpy as np

from pipeline.compare.by_photo import (
    PhotoChange,
    all_objects_by_photo,
    label_scores_of,
    largest_by_photo,
)
from pipeline.evaluate.score import answers_for, judge_largest
from tests.compare.making import LEFT, NOWHERE, RIGHT, common_of, pets, told

LOW = [np.full(2, 0.3), np.full(2, 0.3)]


def test_equal_answers_leave_no_photo(tmp_path):
    objects = pets(4)
    common = common_of(tmp_path, objects, told(objects, [1]), told(objects, [1]))
    assert all_objects_by_photo(common, LOW) == []


def test_the_photo_where_one_is_furthest_ahead_comes_first(tmp_path):
    both = [("cat", LEFT), ("dog", RIGHT)]
    objects = {"a.jpg": both, "b.jpg": both, "c.jpg": both, "d.jpg": []}
    a = {"a.jpg": [("cat", LEFT, 0.9)], "b.jpg": [("cat", LEFT, 0.9)], "c.jpg": []}
    b = {
        "a.jpg": [("dog", RIGHT, 0.9)],
        "b.jpg": [("cat", LEFT, 0.9), ("cat", LEFT, 0.8)],
        "c.jpg": [("cat", LEFT, 0.9), ("dog", RIGHT, 0.9)],
        "d.jpg": [("dog", NOWHERE, 0.9)],
    }
    assert all_objects_by_photo(common_of(tmp_path, objects, a, b), LOW) == [
        PhotoChange(3, "c.jpg", 2, 0, 2, 0, 0),
        PhotoChange(1, "a.jpg", 2, 1, 1, 0, 0),  # as many, but not the same
    ]


def test_each_side_has_its_own_label_scores(tmp_path):
    objects = pets(6)
    common = common_of(tmp_path, objects, told(objects, score=0.9), told(objects, score=0.2))
    a, b = label_scores_of(common)
    assert (a > 0.2).all() and (b < 0.2).all()
    assert all_objects_by_photo(common, [a, b]) == []
    assert len(all_objects_by_photo(common, [a, a])) == 6


def largest(tmp_path, rung, objects, a, b):
    common = common_of(tmp_path, objects, a, b, rung)
    judged = [
        judge_largest(common.truth, answers_for(common.truth, found), task)
        for found, task in zip(common.found, common.tasks, strict=True)
    ]
    return largest_by_photo(common, *judged)


def test_the_largest_object_is_right_or_wrong(tmp_path):
    objects = pets(3)
    a = {
        "000.jpg": [("dog", LEFT, 1)],
        "001.jpg": [("dog", LEFT, 1)],
        "002.jpg": [("cat", NOWHERE, 1)],
    }
    b = {**a, "000.jpg": [("cat", LEFT, 1)], "002.jpg": [("cat", LEFT, 1)]}
    assert largest(tmp_path, "combined", objects, a, b) == [
        PhotoChange(1, "000.jpg", 1, 0, 1, 1, 0),  # the class
        PhotoChange(3, "002.jpg", 1, 0, 1, 1, 0),  # the box
    ]


def test_where_only_boxes_are_predicted_only_boxes_count(tmp_path):
    objects = pets(2)
    a, b = told(objects), told(objects, [1])
    assert largest(tmp_path, "bbox", objects, a, b) == [PhotoChange(2, "001.jpg", 1, 1, 0, 0, 1)]
