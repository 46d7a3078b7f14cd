"""Predictions against the tables, by hand."""

import math

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import InputError
from pipeline.evaluate.score import answers_for, score_largest, score_objects
from pipeline.predictions import PREDICTIONS_SCHEMA
from pipeline.schemas import OBJECTS_SCHEMA
from pipeline.tasks import Task

SIDES = ("xmin", "ymin", "xmax", "ymax")
CLASSES = ["cat", "dog"]
BOTH = Task.CLASSIFY_AND_LOCATE
NAN = float("nan")
PHOTOS = np.array([1, 2, 3])  # nothing is in the last
# image, width, height, label, box, ignore
OBJECTS = [
    (1, 128, 64, 0, (0.0, 0, 64, 64), False),
    (2, 64, 64, 1, (16.0, 16, 48, 48), False),
]


def objects_table(rows=OBJECTS):
    return pa.Table.from_pylist(
        [
            {"object_id": i, "image_id": image, "file_name": f"{image}.jpg", "split": "val"}
            | {"width": width, "height": height, "label": label, "name": CLASSES[label]}
            | dict(zip(SIDES, box, strict=True))
            | {"area": (box[2] - box[0]) * (box[3] - box[1]), "ignore": ignore}
            for i, (image, width, height, label, box, ignore) in enumerate(rows)
        ],
        schema=OBJECTS_SCHEMA,
    )


def predictions(*rows):
    """Return a table of predictions from (image, label, score, box) of each."""
    return pa.Table.from_pylist(
        [
            {"image_id": image, "file_name": f"{image}.jpg", "split": "val", "label": label}
            | {"name": CLASSES[label] if label >= 0 else None, "score": score}
            | dict(zip(SIDES, box, strict=True))
            for image, label, score, box in rows
        ],
        schema=PREDICTIONS_SCHEMA,
    )


def perfect(rows=OBJECTS):
    return predictions(*((image, label, 0.9, box) for image, _, _, label, box, ignore in rows))


def test_largest_by_hand():
    found = predictions((1, 0, 1.0, (0, 0, 32, 64)), (2, 0, 1.0, (16, 16, 48, 56)))
    scores, intervals = score_largest(objects_table(), found, BOTH)
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
    assert score_largest(objects_table(), no_boxes, Task.CLASSIFY)[0] == {"accuracy": 1.0}
    scores, _ = score_largest(objects_table(), no_classes, Task.LOCATE)
    assert scores == {"l1_px": 0.0, "mean_iou": 1.0}
    one_box = predictions((1, 0, 0.5, [NAN] * 4), (2, 1, 0.5, boxes[1]))
    scores, _ = score_largest(objects_table(), one_box, BOTH)
    assert scores.keys() == set(BOTH.metrics) and math.isnan(scores["l1_px"])


def test_all_right_on_two_photos_is_no_certainty():
    _, intervals = score_largest(objects_table(), perfect(), BOTH)
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
    scores, intervals = score_largest(objects_table([]), predictions(), BOTH)
    assert scores.keys() == intervals.keys() == {"accuracy", "l1_px", "mean_iou"}
    assert all(map(math.isnan, scores.values()))
    assert all(math.isnan(end) for ends in intervals.values() for end in ends)


def test_objects_found_perfectly_score_one():
    scores, _, voc = score_objects(objects_table(), perfect(), PHOTOS, 2)
    names = ("voc_map_50", "voc_map_50_11pt", "coco_map", "coco_map_50", "coco_map_75")
    assert scores == pytest.approx(dict.fromkeys(names, 1.0), abs=1e-6)
    assert [curve.positives for curve in voc.curves] == [1, 1]


def test_objects_by_hand():
    # The cat is found at IoU .6, the dog with the wrong class.
    found = predictions((1, 0, 0.9, (0, 0, 64, 38.4)), (2, 0, 0.8, (16, 16, 48, 48)))
    scores, _, _ = score_objects(objects_table(), found, PHOTOS, 2)
    assert scores["voc_map_50"] == pytest.approx(0.5)
    assert scores["coco_map_50"] == pytest.approx(0.5)
    assert scores["coco_map_75"] == 0
    # Right at .5 and .55, and .6 is a matter of rounding.
    assert 0.5 * 2 / 10 <= scores["coco_map"] + 1e-9 <= 0.5 * 3 / 10 + 1e-6


def test_interval_of_objects_by_hand():
    # Of a cat that is found and a dog that is missed: all, half or nothing, by what is drawn.
    found = predictions((1, 0, 0.9, (0, 0, 64, 64)))
    _, intervals, _ = score_objects(objects_table(), found, PHOTOS, 2)
    assert intervals == {"voc_map_50": (0, 1)}


def test_objects_marked_ignore_are_neither_found_nor_missed():
    rows = [*OBJECTS, (2, 64, 64, 1, (0.0, 0, 10, 10), True)]
    for found in (perfect(), perfect(rows)):
        scores, _, voc = score_objects(objects_table(rows), found, PHOTOS, 2)
        assert scores["voc_map_50"] == 1
        assert [curve.positives for curve in voc.curves] == [1, 1]


def test_nothing_found_scores_nothing():
    scores, _, _ = score_objects(objects_table(), predictions(), PHOTOS, 2)
    assert set(scores.values()) == {0.0}


def test_found_in_an_empty_photo_is_wrong():
    sure = predictions((3, 0, 0.99, (0, 0, 64, 64)))
    scores, _, _ = score_objects(objects_table(), pa.concat_tables([sure, perfect()]), PHOTOS, 2)
    assert scores["voc_map_50"] == pytest.approx((0.5 + 1) / 2)
