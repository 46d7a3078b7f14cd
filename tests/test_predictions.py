"""Predictions as a table: one row per detection, and nulls for what a rung does not predict."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import InputError
from pipeline.predictions import PREDICTIONS_SCHEMA, predictions_table, read_predictions
from pipeline.schemas import BOX_SIDES, IMAGES_SCHEMA, box_columns
from pipeline.tasks import Task
from tests.found import Found

CLASSES = ["cat", "dog"]
NAN = float("nan")
NOTHING: list[tuple] = []


def photos(count: int) -> pa.Table:
    rows = [
        {"image_id": 10 + i, "file_name": f"{i}.jpg", "width": 64, "height": 48, "split": "val"}
        for i in range(count)
    ]
    return pa.Table.from_pylist(rows, schema=IMAGES_SCHEMA)


def table_of(*found: list[tuple], task: Task = Task.DETECT, of: pa.Table | None = None) -> pa.Table:
    """Return the table of photos, each with (label, score, box) of its detections."""
    return predictions_table(
        photos(len(found)) if of is None else of,
        [
            Found(
                np.array([box for *_, box in one]).reshape(-1, 4),
                np.array([label for label, *_ in one]),
                np.array([score for _, score, _ in one]),
            )
            for one in found
        ],
        classes=CLASSES,
        task=task,
    )


def test_a_row_is_a_detection():
    table = table_of(
        [(1, 0.75, [0, 16, 32, 64]), (0, 0.5, [8, 8, 16, 16])],
        NOTHING,
        [(0, 0.25, [64, 0, 64, 64])],
    )
    assert table.schema == PREDICTIONS_SCHEMA
    assert table.drop_columns(["split"]).to_pylist() == [
        {"image_id": 10, "file_name": "0.jpg", "label": 1, "name": "dog", "score": 0.75}
        | dict(zip(BOX_SIDES, [0, 16, 32, 64], strict=True)),
        {"image_id": 10, "file_name": "0.jpg", "label": 0, "name": "cat", "score": 0.5}
        | dict(zip(BOX_SIDES, [8, 8, 16, 16], strict=True)),
        {"image_id": 12, "file_name": "2.jpg", "label": 0, "name": "cat", "score": 0.25}
        | dict(zip(BOX_SIDES, [64, 0, 64, 64], strict=True)),
    ]
    assert table["split"].to_pylist() == ["val"] * 3


@pytest.mark.parametrize("found", [[NOTHING, NOTHING], [NOTHING], []])
def test_no_detections_are_no_rows(found):
    table = table_of(*found)
    assert table.schema == PREDICTIONS_SCHEMA
    assert len(table) == 0
    assert box_columns(table).shape == (0, 4)


def test_no_class_is_minus_one_without_a_name():
    table = table_of([(-1, 1.0, [1, 2, 3, 4])], task=Task.LOCATE)
    assert table["label"].to_pylist() == [-1]
    assert table["name"].to_pylist() == [None]
    assert table["xmin"].to_pylist() == [1.0]


def test_no_box_is_four_nans():
    table = table_of([(1, 0.5, [NAN] * 4)], task=Task.CLASSIFY)
    assert table["name"].to_pylist() == ["dog"]
    assert np.isnan(box_columns(table)).all()


@pytest.mark.parametrize("task", Task)
def test_a_file_says_what_was_asked_and_names_the_classes(tmp_path, task):
    second = [8, 8, 16, 16] if task.answers_box else [NAN] * 4
    table = table_of([(1, 0.75, [0, 16, 32, 64]), (0, 0.5, second)], task=task)
    pq.write_table(table, tmp_path / "p.parquet")
    back = read_predictions(tmp_path / "p.parquet")
    assert (back.task, back.classes) == (task, CLASSES)
    assert back.table.drop_columns(BOX_SIDES).equals(table.drop_columns(BOX_SIDES))
    assert np.array_equal(box_columns(back.table), box_columns(table), equal_nan=True)


@pytest.mark.parametrize("side", [NAN, float("inf")])
@pytest.mark.parametrize("task", [task for task in Task if task.answers_box])
def test_a_box_that_is_no_number_is_named(tmp_path, task, side):
    table = table_of([(0, 0.5, [1, 1, 2, 2])], [(1, 0.5, [1, 1, side, 2])], task=task)
    pq.write_table(table, tmp_path / "p.parquet")
    with pytest.raises(InputError, match=r"p\.parquet: a box in 1\.jpg is not finite; train the"):
        read_predictions(tmp_path / "p.parquet")


def test_rows_of_a_chunked_table_find_their_photo():
    chunked = pa.concat_tables([photos(1), photos(2).slice(1)])
    table = table_of([(0, 0.5, [1, 1, 2, 2])], [(1, 0.5, [1, 2, 2, 4])], of=chunked)
    assert table["image_id"].to_pylist() == [10, 11]
    assert box_columns(table).tolist() == [[1, 1, 2, 2], [1, 2, 2, 4]]


def test_each_photo_needs_its_detections():
    with pytest.raises((ValueError, IndexError, pa.ArrowException)):
        table_of(NOTHING, [(0, 0.5, [0] * 4)], of=photos(1))


def test_what_is_no_file_of_predictions_is_named(tmp_path):
    path = tmp_path / "p.parquet"
    with pytest.raises(InputError, match=r"p\.parquet: no such file; run the predict stage first"):
        read_predictions(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"p\.parquet: not a Parquet .*; run the predict stage"):
        read_predictions(path)
    pq.write_table(photos(1), path)
    with pytest.raises(InputError, match=r"p\.parquet: not a file of predictions; run the predict"):
        read_predictions(path)
