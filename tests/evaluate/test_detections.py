import numpy as np
import pyarrow as pa
import pytest

from pipeline.evaluate.detections import (
    Detections,
    Truth,
    as_detections,
    as_truth,
    check_labels,
    take,
)
from pipeline.predictions import PREDICTIONS_SCHEMA
from pipeline.schemas import OBJECTS_SCHEMA

BOXES = np.array([[0.0, 0, 10, 10], [5, 5, 20, 20]])
TWO = np.array([0, 1])


def test_no_boxes_are_welcome():
    none = np.zeros(0, dtype=int)
    check_labels(Truth(none, np.zeros((0, 4)), none, none.astype(bool)), 3)
    check_labels(Detections(none, np.zeros((0, 4)), none, none.astype(float)), 3)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("photo", np.array([0]), r"photo has shape \(1,\); expected \(2,\)"),
        ("boxes", np.zeros((2, 5)), r"boxes has shape \(2, 5\); expected \(2, 4\)"),
        ("boxes", np.full((2, 4), np.nan), "boxes must be finite"),
        ("labels", np.array([[0, 1]]), "labels has shape"),
        ("scores", np.array([0.5, np.nan]), "scores must be finite"),
    ],
)
def test_columns_that_do_not_belong_together_are_refused(column, value, message):
    columns = {"photo": TWO, "boxes": BOXES, "labels": TWO, "scores": np.array([0.5, 0.6])}
    with pytest.raises(ValueError, match=message):
        Detections(**{**columns, column: value})


def test_ignore_must_be_bool_because_its_negation_is_taken():
    with pytest.raises(ValueError, match="ignore has dtype int64; expected bool"):
        Truth(TWO, BOXES, TWO, TWO)


def test_chosen_rows_keep_their_columns_together():
    side = Detections(TWO + 7, BOXES, TWO, np.array([0.5, 0.6]))
    for rows in (np.array([False, True]), np.array([1])):
        second = take(side, rows)
        assert (second.photo.tolist(), second.labels.tolist()) == ([8], [1])
        assert (second.boxes.tolist(), second.scores.tolist()) == ([[5, 5, 20, 20]], [0.6])
    assert len(take(side, np.array([False, False])).boxes) == 0
    assert isinstance(take(Truth(TWO, BOXES, TWO, TWO > 5), TWO), Truth)


@pytest.mark.parametrize("labels", [np.array([-1, 0]), np.array([0, 2])])
def test_labels_outside_the_classes_are_refused(labels):
    with pytest.raises(ValueError, match=r"Truth has labels .*; expected 0\.\.1"):
        check_labels(Truth(TWO, BOXES, labels, TWO > 5), 2)


SIDES = dict(xmin=0, ymin=16, xmax=32, ymax=64)


def test_predictions_become_flat_arrays():
    row = {"image_id": 10, "label": 1, "score": 0.75, **SIDES}
    flat = as_detections(pa.Table.from_pylist([row], schema=PREDICTIONS_SCHEMA))
    assert (flat.photo.tolist(), flat.labels.tolist(), flat.scores.tolist()) == ([10], [1], [0.75])
    assert flat.labels.dtype == np.int64
    assert flat.boxes.tolist() == [[0, 16, 32, 64]]
    assert len(as_detections(pa.Table.from_pylist([], schema=PREDICTIONS_SCHEMA)).boxes) == 0


def test_labelled_objects_become_flat_arrays():
    row = {"image_id": 10, "label": 1, "ignore": True, **SIDES}
    flat = as_truth(pa.Table.from_pylist([row], schema=OBJECTS_SCHEMA))
    assert (flat.photo.tolist(), flat.labels.tolist()) == ([10], [1])
    assert (flat.boxes.tolist(), flat.ignore.tolist()) == ([[0, 16, 32, 64]], [True])
    assert len(as_truth(pa.Table.from_pylist([], schema=OBJECTS_SCHEMA)).boxes) == 0
