"""Predictions as a table: pixels of the original photo, and what a rung does not say."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from pipeline.predictions import (
    PREDICTIONS_SCHEMA,
    as_detections,
    as_truth,
    box_columns,
    predictions_table,
)
from pipeline.schemas import IMAGES_SCHEMA, OBJECTS_SCHEMA

CLASSES = ["cat", "dog"]
SIDES = ("xmin", "ymin", "xmax", "ymax")


def photos(*sizes):
    rows = [
        {"image_id": 10 + i, "file_name": f"{i}.jpg", "width": w, "height": h, "split": "val"}
        for i, (w, h) in enumerate(sizes)
    ]
    return pa.Table.from_pylist(rows, schema=IMAGES_SCHEMA)


def found(*rows):
    """Return the detections of a photo from (label, score, box) of each."""
    return {
        "labels": torch.tensor([row[0] for row in rows], dtype=torch.int64),
        "scores": torch.tensor([row[1] for row in rows]),
        "boxes": torch.tensor([row[2] for row in rows]).reshape(-1, 4),
    }


NOTHING = found()
NAN = float("nan")


def test_boxes_are_scaled_to_the_original_photo():
    detections = [
        found((1, 0.75, [0.0, 16, 32, 64]), (0, 0.5, [8.0, 8, 16, 16])),
        NOTHING,
        found((0, 0.25, [64.0, 0, 64, 64])),
    ]
    table = predictions_table(photos((640, 128), (5, 5), (64, 64)), detections, 64, CLASSES)
    assert table.schema == PREDICTIONS_SCHEMA
    assert table.drop_columns(["split"]).to_pylist() == [
        {"image_id": 10, "file_name": "0.jpg", "label": 1, "name": "dog", "score": 0.75}
        | dict(zip(SIDES, [0.0, 32, 320, 128], strict=True)),
        {"image_id": 10, "file_name": "0.jpg", "label": 0, "name": "cat", "score": 0.5}
        | dict(zip(SIDES, [80.0, 16, 160, 32], strict=True)),
        {"image_id": 12, "file_name": "2.jpg", "label": 0, "name": "cat", "score": 0.25}
        | dict(zip(SIDES, [64.0, 0, 64, 64], strict=True)),
    ]
    assert table["split"].to_pylist() == ["val"] * 3


@pytest.mark.parametrize("detections", [[NOTHING, NOTHING], [NOTHING]])
def test_no_detections_are_no_rows(detections):
    table = predictions_table(photos(*[(10, 10)] * len(detections)), detections, 64, CLASSES)
    assert table.schema == PREDICTIONS_SCHEMA
    assert len(table) == 0
    assert box_columns(table).shape == (0, 4)
    assert len(as_detections(table).scores) == 0


def test_no_class_is_minus_one_without_a_name():
    table = predictions_table(photos((64, 64)), [found((-1, 1.0, [1.0, 2, 3, 4]))], 64, CLASSES)
    assert table["label"].to_pylist() == [-1]
    assert table["name"].to_pylist() == [None]
    assert table["xmin"].to_pylist() == [1.0]


def test_no_box_is_four_nans():
    table = predictions_table(photos((64, 32)), [found((1, 0.5, [NAN] * 4))], 64, CLASSES)
    assert table["name"].to_pylist() == ["dog"]
    assert np.isnan(box_columns(table)).all()


def test_as_parquet_and_back(tmp_path):
    detections = [found((1, 0.75, [0.0, 16, 32, 64]), (-1, 0.5, [NAN] * 4))]
    table = predictions_table(photos((640, 128)), detections, 64, CLASSES)
    pq.write_table(table, tmp_path / "p.parquet")
    back = pq.read_table(tmp_path / "p.parquet")
    assert back.schema == PREDICTIONS_SCHEMA
    assert back.drop_columns(SIDES).equals(table.drop_columns(SIDES))
    assert np.array_equal(box_columns(back), box_columns(table), equal_nan=True)


def test_rows_of_a_chunked_table_find_their_photo():
    chunked = pa.concat_tables([photos((64, 64)), photos((128, 64), (64, 128)).slice(1)])
    detections = [found((0, 0.5, [1.0, 1, 2, 2])), found((1, 0.5, [1.0, 1, 2, 2]))]
    table = predictions_table(chunked, detections, 64, CLASSES)
    assert table["image_id"].to_pylist() == [10, 11]
    assert box_columns(table).tolist() == [[1, 1, 2, 2], [1, 2, 2, 4]]


def test_each_photo_needs_its_detections():
    with pytest.raises((ValueError, IndexError, pa.ArrowException)):
        predictions_table(photos((64, 64)), [NOTHING, found((0, 0.5, [0.0] * 4))], 64, CLASSES)


def test_as_detections_are_flat_arrays():
    detections = [found((1, 0.75, [0.0, 16, 32, 64])), found((0, 0.5, [8.0, 8, 16, 16]))]
    flat = as_detections(predictions_table(photos((64, 64), (64, 64)), detections, 64, CLASSES))
    assert flat.photo.tolist() == [10, 11]
    assert flat.labels.tolist() == [1, 0] and flat.labels.dtype == np.int64
    assert flat.scores.tolist() == [0.75, 0.5]
    assert flat.boxes.tolist() == [[0, 16, 32, 64], [8, 8, 16, 16]]


def test_as_truth_are_flat_arrays():
    row = {"image_id": 10, "label": 1, "ignore": True} | dict(
        zip(SIDES, [0, 16, 32, 64], strict=True)
    )
    flat = as_truth(pa.Table.from_pylist([row], schema=OBJECTS_SCHEMA))
    assert (flat.photo.tolist(), flat.labels.tolist()) == ([10], [1])
    assert flat.labels.dtype == np.int64
    assert (flat.boxes.tolist(), flat.ignore.tolist()) == ([[0, 16, 32, 64]], [True])
    assert len(as_truth(pa.Table.from_pylist([], schema=OBJECTS_SCHEMA)).boxes) == 0
