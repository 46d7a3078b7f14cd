"""The schemas of the three tables that the tables stage writes and every later stage reads.

Reading a table needs this module only, so a change in how tables are built retrains nothing.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.reading.parquet_file import read_parquet

SPLITS = ("train", "val", "test")
BOX_SIDES = ("xmin", "ymin", "xmax", "ymax")
_IMAGE_COLUMNS = [
    ("image_id", pa.int64()),
    ("file_name", pa.string()),
    ("width", pa.int32()),
    ("height", pa.int32()),
    ("split", pa.dictionary(pa.int8(), pa.string())),
]
# `photo` is the path of the photo's file below data/source. `turned` says whether the labels refer
# to the photo as rotated by EXIF, if it is, rather than as stored.
IMAGES_SCHEMA = pa.schema([*_IMAGE_COLUMNS, ("photo", pa.string()), ("turned", pa.bool_())])
# `score` is null for labels of people, and in 0..1 for those of a model.
OBJECTS_SCHEMA = pa.schema(
    [
        ("object_id", pa.int64()),
        *_IMAGE_COLUMNS,
        ("label", pa.int16()),
        ("name", pa.dictionary(pa.int16(), pa.string())),
        *((side, pa.float32()) for side in BOX_SIDES),
        ("area", pa.float32()),
        ("ignore", pa.bool_()),
        ("score", pa.float32()),
    ]
)
SCHEMAS = {"images": IMAGES_SCHEMA, "objects": OBJECTS_SCHEMA, "largest": OBJECTS_SCHEMA}


def read_table(
    path: Path, expected_schema: pa.Schema, columns: Sequence[str] | None = None
) -> pa.Table:
    """Return a table from a Parquet file of the tables stage.

    Args:
        path: of the file.
        expected_schema: of the whole file.
        columns: to read and check; None for all.

    Raises:
        InputError: the file is missing, is not Parquet, has other columns or types, does not name
            its classes, or holds impossible values.
    """
    table = read_parquet(
        path, "tables", columns, partial(check_schema, path, expected=expected_schema)
    )
    _check_values(path, table)
    return table


def read_classes(table: pa.Table) -> list[str]:
    """Return the names of the classes in label order, from the metadata of any of the tables.

    Raises:
        ValueError: the metadata has none; never for a table from `read_table`.
    """
    return parse_classes((table.schema.metadata or {}).get(b"classes", b""))


def parse_classes(text: bytes) -> list[str]:
    """Return the names of the classes from the text in the metadata.

    Raises:
        ValueError: the text is not a list of names.
    """
    names = json.loads(text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("not a list of names")
    return names


def check_schema(path: Path, schema: pa.Schema, expected: pa.Schema) -> None:
    """Check that a schema has the expected columns, types and order, and a list of classes.

    Raises:
        InputError: it does not; the message names the file `path` and the first difference.
    """
    again = "run the tables stage again"
    for field in expected:
        has = schema.field(field.name).type if field.name in schema.names else "no such column"
        if has != field.type:
            raise InputError(f"{path}: {field.name}: has {has}, expected {field.type}; {again}")
    extra = [name for name in schema.names if name not in expected.names]
    if extra:
        raise InputError(f"{path}: {extra[0]}: has this column, expected none; {again}")
    if schema.names != expected.names:
        order = f"has the order {schema.names}, expected {expected.names}"
        raise InputError(f"{path}: columns: {order}; {again}")
    try:
        parse_classes((schema.metadata or {}).get(b"classes", b""))
    except ValueError:
        message = f"{path}: metadata: has no list of classes, expected one; {again}"
        raise InputError(message) from None


def _check_values(path: Path, table: pa.Table) -> None:
    """Check that only scores are null, sizes are positive and labels are those of classes."""
    again = "run the tables stage again"
    for name in table.schema.names:
        if table[name].null_count and name != "score":
            raise InputError(f"{path}: {name}: is null in some row; {again}")
    sides = [side for side in ("width", "height") if side in table.schema.names]
    if len(table) and any(pc.min(table[side]).as_py() < 1 for side in sides):
        raise InputError(f"{path}: width, height: below 1 in some row; {again}")
    if len(table) and "label" in table.schema.names:
        labels = pc.min_max(table["label"])
        if not 0 <= labels["min"].as_py() <= labels["max"].as_py() < len(read_classes(table)):
            raise InputError(f"{path}: label: not that of a class in some row; {again}")


def with_classes(schema: pa.Schema, classes: list[str]) -> pa.Schema:
    """Return the schema with the names of the classes, in label order, in its metadata."""
    return schema.with_metadata({b"classes": json.dumps(classes).encode()})


def of_split(table: pa.Table, split: str) -> pa.Table:
    """Return the rows of a table that belong to `split`: `train`, `val` or `test`."""
    return table.filter(pc.equal(table["split"].cast(pa.string()), split)).combine_chunks()


def box_columns(table: pa.Table) -> np.ndarray:
    """Return the boxes `(K, 4)` xyxy of a table with the four side columns."""
    return np.stack([table[side].to_numpy() for side in BOX_SIDES], -1)
