"""The three tables of photos that a model is evaluated on but was not trained on."""

from dataclasses import replace

import pyarrow as pa

from pipeline.errors import InputError, counted
from pipeline.formats.labels import Labels
from pipeline.tables.build import Report, Tables, build_tables
from pipeline.tasks import Task

EVALUATED_SPLIT = "test"  # what the photos are called in tables and results


def tables_to_measure(labels: Labels) -> Tables:
    """Return the tables of labels, clipped and counted as the tables stage does.

    All photos are in `EVALUATED_SPLIT`.

    Raises:
        InputError: no object is left that counts.
    """
    splits = pa.array([EVALUATED_SPLIT] * len(labels.images), pa.string())
    column = labels.images.schema.get_field_index("split")
    images = labels.images.set_column(column, "split", splits)
    tables = build_tables(replace(labels, images=images))
    if not objects_to_find(tables):
        raise InputError(
            f"{labels.file}: no object is left to find: {_why_none(tables.report)}; "
            "label objects in the photos"
        )
    return tables


def _why_none(report: Report) -> str:
    outside = "outside its photo or without area"
    whys = (
        (report["ignored"], "object is marked ignore", "objects are marked ignore"),
        (len(report["dropped"]), f"box is {outside}", f"boxes are each {outside}"),
    )
    return " and ".join(counted(*why) for why in whys if why[0]) or "there is none"


def measured_photos(tables: Tables, task: Task) -> int:
    """Return how many photos a task is measured on: for the largest object, those with one."""
    return len(tables.images) if task.every_object else len(tables.largest)


def objects_to_find(tables: Tables) -> int:
    """Return how many objects count: all but those marked ignore."""
    return len(tables.objects) - tables.report["ignored"]


def notes_on(tables: Tables, task: Task) -> list[str]:
    """Return a note for everything that was left out or changed in reading."""
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
