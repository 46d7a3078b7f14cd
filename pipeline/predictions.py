"""The predictions of a rung, as one flat table in pixels of the original photo."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from pipeline.errors import InputError
from pipeline.reading.parquet_file import read_parquet
from pipeline.schemas import BOX_SIDES, box_columns, parse_classes
from pipeline.tasks import Task

UNKNOWN_LABEL_SCORE = 0.3  # the label score where there is nothing to choose one by

PREDICTIONS_SCHEMA = pa.schema(
    [
        ("image_id", pa.int64()),
        ("file_name", pa.string()),
        ("split", pa.dictionary(pa.int8(), pa.string())),
        ("label", pa.int16()),
        ("name", pa.dictionary(pa.int16(), pa.string())),
        ("score", pa.float32()),
        *((side, pa.float32()) for side in BOX_SIDES),
    ]
)


class PhotoDetections(Protocol):
    """What was found in one photo."""

    @property
    def boxes(self) -> np.ndarray:
        """`(K, 4)` xyxy in pixels of the photo; NaN for no box."""

    @property
    def labels(self) -> np.ndarray:
        """`(K,)` class, 0..C-1; -1 for no class."""

    @property
    def scores(self) -> np.ndarray:
        """`(K,)` in 0..1."""


def predictions_table(
    photos: pa.Table, found: Sequence[PhotoDetections], *, classes: Sequence[str], task: Task
) -> pa.Table:
    """Return one row per detection; task and classes are in the table's metadata.

    Args:
        photos: `P` rows of the `images` table.
        found: the detections in each of these photos.
        classes: names in label order.
        task: what the rung predicts.
    """
    counts = [len(one.labels) for one in found]
    rows = photos.take(np.repeat(np.arange(len(counts)), counts)).combine_chunks()
    label = np.concatenate([np.zeros(0), *(one.labels for one in found)]).astype(np.int16)
    score = np.concatenate([np.zeros(0), *(one.scores for one in found)]).astype(np.float32)
    boxes = np.concatenate([np.zeros((0, 4)), *(one.boxes for one in found)]).astype(np.float32)
    columns = [
        rows["image_id"],
        rows["file_name"],
        rows["split"],
        pa.array(label),
        pa.DictionaryArray.from_arrays(
            pa.array(label, mask=label < 0), pa.array(list(classes), pa.string())
        ),
        pa.array(score),
        *(pa.array(side) for side in boxes.T),
    ]
    metadata = {b"classes": json.dumps(list(classes)).encode(), b"task": task.value.encode()}
    return pa.Table.from_arrays(columns, schema=PREDICTIONS_SCHEMA.with_metadata(metadata))


@dataclass(frozen=True)
class Predictions:
    """What a rung predicted for the photos of val and test.

    Attributes:
        table: with the columns of `PREDICTIONS_SCHEMA`.
        task: what the rung predicts.
        classes: names in label order.
    """

    table: pa.Table
    task: Task
    classes: list[str]


def read_predictions(path: Path) -> Predictions:
    """Return the predictions in a file that the predict stage wrote.

    Raises:
        InputError: there is no such file, it is not one of predictions, or a box is not finite.
    """
    table = read_parquet(path, "predict")
    metadata = table.schema.metadata or {}
    try:
        if table.schema.remove_metadata() != PREDICTIONS_SCHEMA:
            raise ValueError
        task = Task(metadata.get(b"task", b"").decode())
        classes = parse_classes(metadata.get(b"classes", b""))
    except ValueError:
        again = "run the predict stage again"
        raise InputError(f"{path}: not a file of predictions; {again}") from None
    predictions = Predictions(table, task, classes)
    check_boxes(predictions, str(path))
    return predictions


def check_boxes(predictions: Predictions, whose: str) -> None:
    """Check that boxes are finite, if the task has boxes; metrics are undefined otherwise.

    Args:
        predictions: of a rung.
        whose: where they are from, for the message.

    Raises:
        InputError: a side of a box is NaN or infinite.
    """
    if not predictions.task.answers_box:
        return
    faults = ~np.isfinite(box_columns(predictions.table)).all(1)
    if faults.any():
        photo = predictions.table["file_name"][int(faults.argmax())]
        raise InputError(f"{whose}: a box in {photo} is not finite; train the rung again")
