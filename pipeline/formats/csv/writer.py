"""Writes labels as CSV."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from pipeline.formats.labels import Labels

_COLUMNS = pa.schema(
    [
        ("file_name", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("split", pa.string()),
        ("name", pa.string()),
        ("xmin", pa.float64()),
        ("ymin", pa.float64()),
        ("xmax", pa.float64()),
        ("ymax", pa.float64()),
        ("ignore", pa.int8()),
        ("score", pa.float64()),
    ]
)


def write_csv(blocks: Iterable[Labels], out: Path) -> tuple[str, ...]:
    """Write one row per box, edges in pixels; a photo without objects has a row without a box.

    The column `score` exists only for labels of a model.
    """
    schema = _COLUMNS
    if all(labels.scores is None for labels in blocks):
        schema = schema.remove(schema.get_field_index("score"))
    with pa.csv.CSVWriter(out, schema) as writer:
        for labels in blocks:
            writer.write_table(pa.Table.from_pylist(_rows(labels), schema=schema))
    return ()


def _rows(labels: Labels) -> list[dict]:
    rows = []
    for image, objects in zip(labels.images.to_pylist(), labels.of_each_image(), strict=True):
        rows += [image | _object(labels, at) for at in objects.tolist()] or [image]
    return rows


def _object(labels: Labels, at: int) -> dict:
    x, y, width, height = labels.boxes[at].tolist()
    sides = {"xmin": x, "ymin": y, "xmax": x + width, "ymax": y + height}
    return {
        "name": labels.classes[labels.labels[at]],
        **{name: round(side, 4) for name, side in sides.items()},
        "ignore": int(labels.ignore[at]),
        "score": labels.score_of(at),
    }
