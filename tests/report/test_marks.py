"""Rows of tables as something to draw: what a table does not have is not drawn."""

import numpy as np
import pyarrow as pa
import pytest

from pipeline.predictions import PREDICTIONS_SCHEMA
from pipeline.report.marks import Marks, marks_of, verdict
from pipeline.schemas import OBJECTS_SCHEMA

NAN = float("nan")
BOX, POINT, OTHER = (1.0, 2.0, 30.0, 40.0), (5.0, 5.0, 5.0, 5.0), (0.0, 0.5, 8.0, 9.0)


def row(schema, image_id, label, box, **more):
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
    known = {"image_id": image_id, "label": label, **sides, **more}
    return {name: known.get(name) for name in schema.names}


def objects(*rows):
    rows = [row(OBJECTS_SCHEMA, *values, ignore=ignore) for *values, ignore in rows]
    return pa.Table.from_pylist(rows, schema=OBJECTS_SCHEMA)


def predictions(*rows):
    rows = [row(PREDICTIONS_SCHEMA, *values, score=score) for *values, score in rows]
    return pa.Table.from_pylist(rows, schema=PREDICTIONS_SCHEMA)


def as_lists(marks):
    return {name: np.asarray(value).tolist() for name, value in vars(marks).items()}


NOTHING = {"boxes": [], "labels": [], "scores": [], "ignore": []}


@pytest.mark.parametrize(
    "table", [objects(), objects((8, 0, BOX, True)), predictions(), predictions((8, 0, BOX, 1.0))]
)
def test_a_photo_without_rows_has_nothing_to_draw(table):
    marks = marks_of(table, 7)
    assert as_lists(marks) == NOTHING
    assert marks.boxes.shape == (0, 4)


def test_truth_is_of_one_photo_in_the_order_of_the_table():
    table = objects((7, 2, BOX, False), (8, 1, OTHER, False), (7, 0, POINT, True))
    assert as_lists(marks_of(table, 7)) == {
        "boxes": [list(BOX), list(POINT)],
        "labels": [2, 0],
        "scores": [],
        "ignore": [False, True],
    }


def test_only_what_becomes_a_label_is_drawn():
    # Of equal scores .5 and a limit of .5 none is above it; class 1 has a lower limit of its own.
    table = predictions((7, 2, BOX, 0.75), (7, 1, OTHER, 0.25), (7, 0, POINT, 0.5))
    assert as_lists(marks_of(table, 7, np.array([0.5, 0.2, 0.5]))) == NOTHING | {
        "boxes": [list(BOX), list(OTHER)],
        "labels": [2, 1],
        "scores": [0.75, 0.25],
    }
    assert len(marks_of(table, 7).labels) == 3
    assert as_lists(marks_of(table, 7, np.full(3, 0.8))) == NOTHING


def test_a_class_alone_has_no_box():
    marks = marks_of(predictions((7, 2, (NAN,) * 4, 0.5)), 7)
    assert as_lists(marks) == NOTHING | {"labels": [2], "scores": [0.5]}
    assert marks.boxes.shape == (0, 4)


def test_a_box_alone_has_neither_class_nor_score():
    # The table says 1.0 where a rung gives no score: no certainty that could be shown.
    marks = marks_of(predictions((7, -1, BOX, 1.0)), 7)
    assert as_lists(marks) == NOTHING | {"boxes": [list(BOX)]}


NAMES = ["cat", "dog"]
SQUARE = np.array([[56.0, 56, 168, 168]])


@pytest.mark.parametrize(
    ("truth", "predicted", "expected"),
    [
        (Marks(), Marks(), ("", True)),
        (
            Marks(SQUARE, np.array([1])),
            Marks(labels=np.array([1]), scores=np.array([0.871])),
            ("dog .87", True),
        ),
        (
            Marks(labels=np.array([1])),
            Marks(labels=np.array([0]), scores=np.array([0.999])),
            ("cat 1.0, is dog", False),
        ),
        (Marks(SQUARE, np.array([1])), Marks(SQUARE), ("IoU 1.0", True)),
        (Marks(SQUARE), Marks(SQUARE + 112), ("IoU .00", False)),
        (
            Marks(np.array([[0, 0, 10, 10]]), np.array([0])),
            Marks(np.array([[0, 0, 10, 5]]), np.array([0]), np.array([0.5])),
            ("cat .50  IoU .50", False),
        ),
    ],
)
def test_verdict(truth, predicted, expected):
    assert verdict(truth, predicted, NAMES) == expected
