"""The three tables of photos that a model is measured on and has not learnt from."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.schemas import SPLITS
from pipeline.tables.build import Tables, build_tables
from pipeline.tasks import Task

SPLIT = "test"  # what the photos are called in tables and results


def tables_to_measure(labels: Labels) -> Tables:
    """Return the tables of labels, clipped and counted as the tables stage does, all in `SPLIT`.

    Raises:
        InputError: no object is left that counts.
    """
    if labels.ignore.all():
        raise InputError(
            f"{labels.file}: all {len(labels.ignore)} objects are marked ignore; "
            "nothing is left to find"
        )
    # What the builder asks of train, objects that count, is asked of these photos instead.
    train = pa.array(["train"] * len(labels.images), pa.string())
    column = labels.images.schema.get_field_index("split")
    tables = build_tables(replace(labels, images=labels.images.set_column(column, "split", train)))
    moved = (_in_split(table) for table in (tables.images, tables.objects, tables.largest))
    images, objects, largest = moved
    return Tables(images, objects, largest, tables.report)


def _in_split(table: pa.Table) -> pa.Table:
    codes = np.full(len(table), SPLITS.index(SPLIT), np.int8)
    column = table.schema.get_field_index("split")
    splits = pa.DictionaryArray.from_arrays(codes, pa.array(SPLITS))
    return table.set_column(column, table.schema.field("split"), splits)


def measured_photos(tables: Tables, task: Task) -> int:
    """Return how many photos a task is measured on: for the largest object, those that have one."""
    return len(tables.images) if task.every_object else len(tables.largest)


def objects_to_find(tables: Tables) -> int:
    """Return how many objects count: all but those marked ignore."""
    return int(pc.sum(pc.invert(tables.objects["ignore"])).as_py())


def notes_on(tables: Tables, task: Task) -> list[str]:
    """Return a sentence for each thing that was left out or read otherwise than it stands there."""
    report = tables.report
    notes, dropped = list(report["notes"]), report["dropped"]
    if report["clipped"]:
        notes.append(f"boxes clipped to their photos: {report['clipped']}")
    if dropped:
        first = f"{dropped[0]['file']}: annotation {dropped[0]['object_id']}"
        words = f"{first}: {dropped[0]['reason']}"
        notes.append(f"boxes dropped: {len(dropped)} ({words}{', ...' * (len(dropped) > 1)})")
    if report["ignored"]:
        notes.append(f"objects marked ignore, neither sought nor wrong: {report['ignored']}")
    without = len(tables.images) - len(tables.largest)
    if without and not task.every_object:
        notes.append(f"photos without an object, on which nothing is measured: {without}")
    return notes
