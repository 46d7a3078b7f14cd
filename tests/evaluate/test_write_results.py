"""The files of a measured rung, by hand."""

import json
import math

import numpy as np

from pipeline.evaluate.result_files import (
    ClassAp,
    ConfusedPair,
    CurvePoint,
    ErrorKind,
    MetricInterval,
    WorstPhoto,
    read_rows,
)
from pipeline.evaluate.score import Scores, Split, score_split
from pipeline.evaluate.write_results import (
    write_confusion_of_largest,
    write_intervals,
    write_objects,
)
from pipeline.tasks import Task
from tests.evaluate.making import (
    CLASSES,
    OBJECTS,
    images_table,
    objects_table,
    perfect,
    predictions,
)

CAT, DOG = (row[4] for row in OBJECTS)


def split_of(found):
    return Split("val", images_table(), objects_table(), found)


def write(folder, found, label_scores=None):
    split = split_of(found)
    scores = score_split(split, Task.DETECT, len(CLASSES))
    write_objects(folder, split, scores, CLASSES, label_scores)


def test_intervals_are_of_each_split_and_metric(tmp_path):
    splits = [split_of(perfect())] * 2
    scores = [Scores({"a": 0.5, "accuracy": 1.0}, {"accuracy": (0.4, 1.0)})] * 2
    write_intervals(tmp_path, splits, scores, 2)
    rows = read_rows(tmp_path / "intervals.csv", MetricInterval)
    assert rows == [MetricInterval("val", "accuracy", 1.0, 0.4, 1.0, "")] * 2
    write_intervals(tmp_path, splits, scores, 1)
    rows = read_rows(tmp_path / "intervals.csv", MetricInterval)
    assert {row.note for row in rows} == {"one class: always 1"}


def test_curves_have_a_point_for_each_true_positive(tmp_path):
    write(tmp_path, predictions((1, 0, 0.75, CAT), (2, 0, 0.5, DOG), (2, 1, 0.25, DOG)))
    assert read_rows(tmp_path / "pr_curves.csv", CurvePoint) == [
        CurvePoint("cat", 1.0, 1.0, 0.75),
        CurvePoint("dog", 1.0, 1.0, 0.25),
    ]
    rows = read_rows(tmp_path / "ap_by_class.csv", ClassAp)
    assert [(row.name, row.ap, row.objects) for row in rows] == [("cat", 1, 1), ("dog", 1, 1)]


def test_only_labels_are_confused_and_wrong(tmp_path):
    found = predictions((1, 0, 0.75, CAT), (2, 0, 0.5, DOG), (3, 1, 0.25, CAT))
    write(tmp_path, found, np.array([0.3, 0.3]))
    assert json.loads((tmp_path / "label_scores.json").read_text()) == {"cat": 0.3, "dog": 0.3}
    assert read_rows(tmp_path / "confusion.csv", ConfusedPair) == [
        ConfusedPair("cat", "cat"),
        ConfusedPair("dog", "cat"),
    ]
    counts = {row.kind: row.count for row in read_rows(tmp_path / "errors.csv", ErrorKind)}
    assert {kind: count for kind, count in counts.items() if count} == {"class": 1}
    [worst] = read_rows(tmp_path / "worst_photos.csv", WorstPhoto)
    assert (worst.image_id, worst.file_name, worst.errors) == (2, "2.jpg", 1)
    assert "class" in worst.words


def test_without_label_scores_those_that_fit_best_are_written(tmp_path):
    write(tmp_path, predictions((1, 0, 0.75, CAT), (2, 1, 0.75, DOG), (3, 1, 0.25, CAT)))
    scores = json.loads((tmp_path / "label_scores.json").read_text())
    assert all(0.25 <= score < 0.75 for score in scores.values())
    assert read_rows(tmp_path / "worst_photos.csv", WorstPhoto) == []


def test_nothing_found_is_written_too(tmp_path):
    write(tmp_path, predictions())
    kinds = {row.kind: row.count for row in read_rows(tmp_path / "errors.csv", ErrorKind)}
    assert kinds["missed"] == 2 and sum(kinds.values()) == 2
    assert read_rows(tmp_path / "pr_curves.csv", CurvePoint) == []


def test_classes_of_the_largest_objects(tmp_path):
    box = [math.nan] * 4
    found = predictions((1, 0, 0.9, box), (2, 0, 0.6, box))
    write_confusion_of_largest(tmp_path, split_of(found), CLASSES)
    assert read_rows(tmp_path / "confusion.csv", ConfusedPair) == [
        ConfusedPair("cat", "cat"),
        ConfusedPair("dog", "cat"),
    ]
