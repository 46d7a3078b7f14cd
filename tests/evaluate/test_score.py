"""Predictions against the tables, by hand."""

import math

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.evaluate.score import (
    answers_for,
    score_largest,
    score_objects,
    score_split,
    splits_of,
)
from pipeline.predictions import Predictions
from pipeline.tasks import Task
from tests.evaluate.making import (
    CLASSES,
    OBJECTS,
    images_table,
    objects_table,
    perfect,
    predictions,
)

BOTH = Task.CLASSIFY_AND_LOCATE
NAN = float("nan")
PHOTOS = np.array([1, 2, 3])  # nothing is in the last


def test_largest_by_hand():
    found = predictions((1, 0, 1.0, (0, 0, 32, 64)), (2, 0, 1.0, (16, 16, 48, 56)))
    scored = score_largest(objects_table(), found, BOTH)
    scores, intervals = scored.metrics, scored.intervals
    assert intervals["accuracy"] == pytest.approx((0.095, 0.905), abs=1e-3)  # Wilson's, 1 of 2
    assert intervals["mean_iou"] == pytest.approx((0.5, 0.8))
    assert scores == pytest.approx(
        {
            "accuracy": 0.5,
            # In an input of 32 pixels xmax is off by 32 * 32/128 = 8, ymax by 8 * 32/64 = 4.
            "l1_px": (8 / 4 + 4 / 4) / 2 * 7,  # in pixels of 32, and 224 = 7 x 32
            "mean_iou": (0.5 + 32 / 40) / 2,
        }
    )


def test_largest_scores_only_what_is_said():
    boxes = [row[4] for row in OBJECTS]
    no_boxes = predictions((1, 0, 0.5, [NAN] * 4), (2, 1, 0.5, [NAN] * 4))
    no_classes = predictions((1, -1, 1.0, boxes[0]), (2, -1, 1.0, boxes[1]))
    assert score_largest(objects_table(), no_boxes, Task.CLASSIFY).metrics == {"accuracy": 1.0}
    scores = score_largest(objects_table(), no_classes, Task.LOCATE).metrics
    assert scores == {"l1_px": 0.0, "mean_iou": 1.0}
    one_box = predictions((1, 0, 0.5, [NAN] * 4), (2, 1, 0.5, boxes[1]))
    scores = score_largest(objects_table(), one_box, BOTH).metrics
    assert scores.keys() == set(BOTH.metrics) and math.isnan(scores["l1_px"])


def test_all_right_on_two_photos_is_no_certainty():
    intervals = score_largest(objects_table(), perfect(), BOTH).intervals
    assert intervals["accuracy"] == pytest.approx((2 / (2 + 1.96**2), 1))
    assert intervals["mean_iou"] == (0, 1)  # rule of three: 1 - 3 / 2 is below 0


def test_answers_come_in_the_order_of_the_photos_and_those_of_empty_ones_are_left_out():
    boxes = (0.0, 0, 1, 1)
    found = predictions((3, 1, 0.5, boxes), (2, 1, 0.6, boxes), (1, 0, 0.7, boxes))
    answers = answers_for(objects_table(), found)
    assert answers["image_id"].to_pylist() == [1, 2]
    assert answers["score"].to_pylist() == pytest.approx([0.7, 0.6])
    with pytest.raises(InputError, match=r"none for 2\.jpg; run the predict stage again"):
        answers_for(objects_table(), found.slice(2))


@pytest.mark.parametrize(
    "found",
    [
        predictions((2, 1, 1.0, (0, 0, 1, 1)), (1, 0, 1.0, (0, 0, 1, 1))),
        predictions((1, 0, 1.0, (0, 0, 1, 1))),
        predictions(*[(1, 0, 1.0, (0, 0, 1, 1))] * 3),
    ],
)
def test_largest_refuses_another_order(found):
    with pytest.raises(ValueError, match="not of these photos in this order"):
        score_largest(objects_table(), found, BOTH)


def test_largest_of_no_photos_is_nan():
    scored = score_largest(objects_table([]), predictions(), BOTH)
    scores, intervals = scored.metrics, scored.intervals
    assert scores.keys() == intervals.keys() == {"accuracy", "l1_px", "mean_iou"}
    assert all(map(math.isnan, scores.values()))
    assert all(math.isnan(end) for ends in intervals.values() for end in ends)


def test_objects_found_perfectly_score_one():
    scored = score_objects(objects_table(), perfect(), PHOTOS, 2)
    scores, voc = scored.metrics, scored.voc
    names = ("voc_map_50", "voc_map_50_11pt", "coco_map", "coco_map_50", "coco_map_75")
    assert scores == pytest.approx(dict.fromkeys(names, 1.0), abs=1e-6)
    assert [curve.positives for curve in voc.curves] == [1, 1]


def test_objects_by_hand():
    # The cat is found at IoU .6, the dog with the wrong class.
    found = predictions((1, 0, 0.9, (0, 0, 64, 38.4)), (2, 0, 0.8, (16, 16, 48, 48)))
    scores = score_objects(objects_table(), found, PHOTOS, 2).metrics
    assert scores["voc_map_50"] == pytest.approx(0.5)
    assert scores["coco_map_50"] == pytest.approx(0.5)
    assert scores["coco_map_75"] == 0
    # Right at .5 and .55, and .6 is a matter of rounding.
    assert 0.5 * 2 / 10 <= scores["coco_map"] + 1e-9 <= 0.5 * 3 / 10 + 1e-6


def test_interval_of_objects_by_hand():
    # Of a cat that is found and a dog that is missed: all, half or nothing, by what is drawn.
    found = predictions((1, 0, 0.9, (0, 0, 64, 64)))
    intervals = score_objects(objects_table(), found, PHOTOS, 2).intervals
    assert intervals == {"voc_map_50": (0, 1)}


def test_objects_marked_ignore_are_neither_found_nor_missed():
    rows = [*OBJECTS, (2, 64, 64, 1, (0.0, 0, 10, 10), True)]
    for found in (perfect(), perfect(rows)):
        scored = score_objects(objects_table(rows), found, PHOTOS, 2)
        scores, voc = scored.metrics, scored.voc
        assert scores["voc_map_50"] == 1
        assert [curve.positives for curve in voc.curves] == [1, 1]


def test_nothing_found_scores_nothing():
    scores = score_objects(objects_table(), predictions(), PHOTOS, 2).metrics
    assert set(scores.values()) == {0.0}


def test_found_in_an_empty_photo_is_wrong():
    sure = predictions((3, 0, 0.99, (0, 0, 64, 64)))
    scores = score_objects(objects_table(), pa.concat_tables([sure, perfect()]), PHOTOS, 2).metrics
    assert scores["voc_map_50"] == pytest.approx((0.5 + 1) / 2)


def test_splits_hold_the_photos_that_a_task_is_measured_on():
    found = pa.concat_tables([predictions((3, 0, 0.9, (0, 0, 8, 8))), perfect()])
    [val] = splits_of(Predictions(found, Task.DETECT, CLASSES), images_table(), objects_table())
    assert (val.name, len(val.images), len(val.truth), len(val.predictions)) == ("val", 3, 2, 3)
    [val] = splits_of(Predictions(found, BOTH, CLASSES), images_table(), objects_table())
    assert val.predictions["image_id"].to_pylist() == val.truth["image_id"].to_pylist() == [1, 2]


def test_a_split_without_objects_counts_only_where_all_objects_are_sought():
    nothing, empty = predictions(), objects_table([])
    assert splits_of(Predictions(nothing, BOTH, CLASSES), images_table(), empty) == []
    [val] = splits_of(Predictions(nothing, Task.DETECT, CLASSES), images_table(), empty)
    assert len(val.images) == 3
    assert splits_of(Predictions(nothing, Task.DETECT, CLASSES), images_table("train"), empty) == []


@pytest.mark.parametrize("task", Task)
def test_a_split_has_the_metrics_of_its_task(task):
    [val] = splits_of(Predictions(perfect(), task, CLASSES), images_table(), objects_table())
    scores = score_split(val, task, len(CLASSES))
    assert tuple(scores.metrics) == task.metrics
    assert (scores.voc is not None) == task.every_object
