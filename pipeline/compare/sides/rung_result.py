"""The predictions of a rung, with the photos and labels that they are judged by."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.compare.sides.results import Side
from pipeline.errors import InputError
from pipeline.files import TABLES
from pipeline.predictions import Predictions, read_predictions
from pipeline.reading.parquet_file import read_parquet
from pipeline.schemas import SCHEMAS, of_split, read_classes
from pipeline.tracking.dvc_lock import is_of

# The columns that a comparison needs: tables of an old commit may lack those added since.
_ADDED = ("photo", "turned", "score")
_NEEDED = {
    name: [field for field in schema if field.name not in _ADDED]
    for name, schema in SCHEMAS.items()
}


@dataclass(frozen=True)
class RungResult:
    """What one rung predicted for the photos of one split.

    Attributes:
        owner: the name of the side it belongs to, for messages.
        rung: its name.
        images: P photos of the split.
        truth: the objects of these photos; one each for rungs that predict the largest object.
        predictions: for these photos.
    """

    owner: str
    rung: str
    images: pa.Table
    truth: pa.Table
    predictions: Predictions


def read_rung(result: Side, rung: str, split: str) -> RungResult:
    """Return what a rung of a result predicted for a split.

    Raises:
        InputError: a file is missing or damaged, or the files do not belong together.
    """
    files = result.rungs[rung]
    whose = f"{rung} of {result.name}"
    predictions = read_predictions(
        _there(files.predictions, f"predictions of {whose}", files.remedy)
    )
    name = predictions.task.table
    if not {"images", name} <= files.tables.keys():
        raise InputError(f"{whose}: tables: unknown which it was judged by; name its commit")
    images, truth = (
        _read(_there(files.tables[one], f"table {one} of {whose}", files.remedy), _NEEDED[one])
        for one in ("images", name)
    )
    if predictions.classes != read_classes(images):
        raise InputError(
            f"{whose}: predictions: classes differ from the tables; run train and predict"
        )
    of_tables = is_of(files.deps, files.tables["images"], TABLES / "images.parquet")
    if not of_tables or not _of_these_photos(predictions.table, images):
        raise InputError(
            f"{whose}: predictions: photos differ from the tables; `dvc repro` makes them again"
        )
    found = Predictions(of_split(predictions.table, split), predictions.task, predictions.classes)
    return RungResult(result.name, rung, of_split(images, split), of_split(truth, split), found)


def _of_these_photos(predictions: pa.Table, images: pa.Table) -> bool:
    """Return whether image ids mean the same photos in both; rebuilt tables number them anew."""
    rows = pc.index_in(predictions["image_id"], value_set=images["image_id"])
    names = images["file_name"].take(rows)
    return not rows.null_count and names.to_pylist() == predictions["file_name"].to_pylist()


def _there(path: Path, what: str, remedy: str) -> Path:
    if not path.is_file():
        raise InputError(f"{what}: {path} is missing; {remedy}")
    return path


def _read(path: Path, needed: list[pa.Field]) -> pa.Table:
    table = read_parquet(path, "tables")
    for field in needed:
        if (
            field.name not in table.schema.names
            or table.schema.field(field.name).type != field.type
        ):
            raise InputError(
                f"{path}: {field.name}: no such column of type {field.type}; "
                "compare with a result of a later version"
            )
    try:
        read_classes(table)
    except ValueError:
        message = f"{path}: metadata: has no list of classes; run the tables stage again"
        raise InputError(message) from None
    return table
