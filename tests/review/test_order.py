"""Doubtful photos come first, each with its reasons."""

import pyarrow as pa
import pytest

from pipeline.evaluate.result_files import ConfusedPair
from pipeline.review.order import Knowledge, by_doubt, most_confused, usual_sizes
from pipeline.schemas import OBJECTS_SCHEMA
from tests.review.making import machine_labels

NOTHING = Knowledge(label_scores={}, confused={}, usual_sizes={})


def test_the_least_certain_first(tmp_path) -> None:
    doubts = by_doubt(machine_labels(tmp_path), NOTHING)
    assert [doubt.row for doubt in doubts] == [1, 2, 0]
    assert [doubt.reasons for doubt in doubts] == [
        ("unsure: dog 0.45",),
        ("nothing found",),
        ("unsure: cat 0.95",),
    ]
    assert [doubt.points for doubt in doubts] == pytest.approx([0.55, 0.5, 0.05])


def test_a_score_is_doubtful_by_its_distance_from_the_label_score(tmp_path) -> None:
    knowledge = Knowledge(label_scores={"cat": 0.9, "dog": 0.4}, confused={}, usual_sizes={})
    doubts = by_doubt(machine_labels(tmp_path), knowledge)
    # A cat of .9 is at its label score, however high that is.
    assert doubts[0].reasons == ("unsure: cat 0.90",)
    assert doubts[0].points == pytest.approx(1)


def test_confusions_and_odd_sizes_are_named(tmp_path) -> None:
    knowledge = Knowledge({}, {"dog": "cat"}, {"cat": (0.5, 0.9), "dog": (0.1, 0.9)})
    doubts = {doubt.row: doubt for doubt in by_doubt(machine_labels(tmp_path), knowledge)}
    # 20 x 20 of 60 x 40 pixels: the root of 1/6 is .41.
    assert doubts[0].reasons == ("cat smaller than nearly all of train", "unsure: cat 0.95")
    assert doubts[1].reasons == (
        "unsure: dog 0.45",
        "cat smaller than nearly all of train",
        "dog, which val confuses with cat",
    )


def test_what_val_confuses() -> None:
    pairs = [
        *[ConfusedPair("cat", "dog")] * 2,
        ConfusedPair("cow", "dog"),
        *[ConfusedPair("(background)", "cat"), ConfusedPair("dog", "(missed)")],
        ConfusedPair("cat", "cat"),
    ]
    assert most_confused(pairs) == {"dog": "cat"}


def test_usual_sizes_of_train() -> None:
    sides = {"width": 100, "height": 100, "ymin": 0.0, "xmin": 0.0, "split": "train", "name": "cat"}
    rows = [{"xmax": 10.0 * side, "ymax": 10.0 * side} | sides for side in (2, 4, 6)]
    rows.append(rows[0] | {"split": "val", "xmax": 100.0})
    table = pa.Table.from_pylist(rows, schema=OBJECTS_SCHEMA)
    assert usual_sizes(table)["cat"] == pytest.approx((0.204, 0.596))
    assert usual_sizes(table.slice(0, 0)) == {}
