"""Step 7: what a rung says of every photo, as one flat table in pixels of the original photo."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pipeline.evaluate.detections import Detections, Truth

PREDICTIONS_SCHEMA = pa.schema(
    [
        ("image_id", pa.int64()),
        ("file_name", pa.string()),
        ("split", pa.dictionary(pa.int8(), pa.string())),
        ("label", pa.int16()),
        ("name", pa.dictionary(pa.int16(), pa.string())),
        ("score", pa.float32()),
        *((side, pa.float32()) for side in ("xmin", "ymin", "xmax", "ymax")),
    ]
)
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def predictions_table(
    photos: pa.Table, detections: Sequence[dict], image_size: int, classes: Sequence[str]
) -> pa.Table:
    """Return a row for each detection, its box scaled from the input to the original photo.

    Args:
        photos: rows of the `images` table, one for each item of `detections`.
        detections: `labels` `(K,)` (-1: no class), `scores` `(K,)`, `boxes` `(K, 4)` xyxy in input
            pixels (NaN: no box), as arrays or CPU tensors.
        image_size: side S of the input.
        classes: names in label order.
    """
    counts = [len(found["labels"]) for found in detections]
    rows = photos.take(np.repeat(np.arange(len(counts)), counts)).combine_chunks()
    labels = _joined(detections, "labels", (0,)).astype(np.int16)
    sides = np.stack([rows["width"].to_numpy(), rows["height"].to_numpy()] * 2, -1)
    boxes = (_joined(detections, "boxes", (0, 4)) * sides / image_size).astype(np.float32)
    columns = [
        rows["image_id"],
        rows["file_name"],
        rows["split"],
        pa.array(labels),
        pa.DictionaryArray.from_arrays(
            pa.array(labels, mask=labels < 0), pa.array(list(classes), pa.string())
        ),
        pa.array(_joined(detections, "scores", (0,)).astype(np.float32)),
        *(pa.array(side) for side in boxes.T),
    ]
    return pa.Table.from_arrays(columns, schema=PREDICTIONS_SCHEMA)


def box_columns(table: pa.Table) -> np.ndarray:
    """Return the boxes `(K, 4)` xyxy of a table with the four side columns."""
    return np.stack([table[side].to_numpy() for side in _SIDES], -1)


def as_detections(predictions: pa.Table) -> Detections:
    """Return the rows of a predictions table as flat arrays, for the metrics."""
    return Detections(
        photo=predictions["image_id"].to_numpy(),
        boxes=box_columns(predictions),
        labels=predictions["label"].to_numpy().astype(np.int64),
        scores=predictions["score"].to_numpy(),
    )


def as_truth(objects: pa.Table) -> Truth:
    """Return the rows of an objects table as flat arrays, for the metrics."""
    return Truth(
        photo=objects["image_id"].to_numpy(),
        boxes=box_columns(objects),
        labels=objects["label"].to_numpy().astype(np.int64),
        ignore=objects["ignore"].to_numpy(),
    )


def _joined(detections: Sequence[dict], key: str, empty: tuple[int, ...]) -> np.ndarray:
    return np.concatenate([np.zeros(empty), *(np.asarray(found[key]) for found in detections)])
