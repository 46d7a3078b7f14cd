"""The worst predictions, in an order that can be checked by hand."""

import pyarrow as pa
import pytest

from pipeline.predictions import PREDICTIONS_SCHEMA
from pipeline.report.worst_answers import kinds_in_words, worst_answers
from pipeline.schemas import OBJECTS_SCHEMA
from pipeline.tasks import Task

NAN = float("nan")


def rows(schema, *values):
    """Return a table of photos 0, 1, ...: (label, left edge, score); a box is 224 px wide."""
    known = [
        {
            "image_id": number,
            "file_name": f"{number}.jpg",
            "width": 224,
            "height": 224,
            "label": label,
            "score": score,
            "xmin": left,
            "ymin": 0.0 if left == left else NAN,
            "xmax": left,
            "ymax": 224.0 if left == left else NAN,
        }
        for number, (label, left, score) in enumerate(values)
    ]
    table = [{name: row.get(name) for name in schema.names} for row in known]
    return pa.Table.from_pylist(table, schema=schema)


def worst(answers, task, limit=9):
    """Return photo and words of each: the truth is class 0 and a line at the left border."""
    largest = rows(OBJECTS_SCHEMA, *[(0, 0.0, None)] * len(answers))
    found = worst_answers(largest, rows(PREDICTIONS_SCHEMA, *answers), task, limit)
    return [one.image_id for one in found], [one.words for one in found]


def test_of_classes_the_most_confident_wrong_ones_are_the_worst_and_right_ones_none():
    answers = [(1, NAN, 0.5), (0, NAN, 0.99), (2, NAN, 0.75), (1, NAN, 0.5), (0, NAN, 0.25)]
    assert worst(answers, Task.CLASSIFY) == ([2, 0, 3], ["2.jpg", "0.jpg", "3.jpg"])
    assert worst(answers, Task.CLASSIFY, limit=1) == ([2], ["2.jpg"])


def test_of_boxes_those_farthest_off_are_the_worst_and_exact_ones_none():
    # Two of the four edges are off by 8 px: 4 px in the mean.
    answers = [(-1, 8.0, 1.0), (-1, 0.0, 1.0), (-1, 20.0, 1.0)]
    assert worst(answers, Task.LOCATE) == ([2, 0], ["2.jpg: 10.0 px off", "0.jpg: 4.0 px off"])


def test_of_both_wrong_classes_come_before_boxes_however_far():
    answers = [(0, 200.0, 1.0), (1, 2.0, 0.5), (0, 100.0, 0.25), (1, 0.0, 0.75)]
    ids, words = worst(answers, Task.CLASSIFY_AND_LOCATE)
    assert ids == [3, 1, 0, 2]
    assert words[0] == "3.jpg: 0.0 px off" and words[2] == "0.jpg: 100.0 px off"


def test_photos_are_joined_by_their_ids():
    largest = rows(OBJECTS_SCHEMA, (0, 0.0, None), (1, 0.0, None), (2, 0.0, None)).take([2, 1])
    found = rows(PREDICTIONS_SCHEMA, (9, NAN, 0.9), (1, NAN, 0.8), (1, NAN, 0.7))
    assert [one.image_id for one in worst_answers(largest, found, Task.CLASSIFY, 9)] == [2]
    assert worst_answers(largest.slice(0, 0), found, Task.CLASSIFY, 9) == []


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ((True, False), "the most confident wrong classes"),
        ((False, True), "the boxes farthest off"),
        ((True, True), "the most confident wrong classes, then the boxes farthest off"),
    ],
)
def test_what_is_worst_is_said(of, words):
    assert kinds_in_words(*of) == words
