"""Builds three flat Arrow tables from labels.

`images` has one row per photo, `objects` one per object, and `largest` one per photo with its
largest object. Everything downstream reads these and never the labels.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.boxes import area
from pipeline.errors import InputError, counted, one_line, or_correct
from pipeline.formats.labels import Labels
from pipeline.reading.parquet_file import write_parquet
from pipeline.schemas import (
    IMAGES_SCHEMA,
    OBJECTS_SCHEMA,
    SCHEMAS,
    SPLITS,
    check_schema,
    read_classes,
    with_classes,
)
from pipeline.tables.objects import DroppedBox, Objects, clip_objects


class Report(TypedDict):
    """What the tables hold and what was left out, as `report.json` has it.

    Attributes:
        images, objects: how many there are.
        ignored: objects marked ignore.
        labelled_by_a_model: objects with a score.
        splits: by split, the number of `images` and of `objects`.
        classes: by class and split, the number of objects.
        photos_without_objects: how many there are.
        clipped: boxes that reached beyond their photos.
        dropped: boxes with no area inside their photos.
        notes: on how the labels were read.
    """

    images: int
    objects: int
    ignored: int
    labelled_by_a_model: int
    splits: dict[str, dict[str, int]]
    classes: dict[str, dict[str, int]]
    photos_without_objects: int
    clipped: int
    dropped: list[DroppedBox]
    notes: list[str]


@dataclass(frozen=True)
class Tables:
    """The three tables, the report on them and the file that the labels came from."""

    images: pa.Table
    objects: pa.Table
    largest: pa.Table
    report: Report
    file: Path

    @property
    def by_name(self) -> dict[str, pa.Table]:
        """The tables by the names of their schemas and files."""
        return {"images": self.images, "objects": self.objects, "largest": self.largest}


def build_tables(labels: Labels) -> Tables:
    """Return the tables `images`, `objects` and `largest`.

    Boxes become xyxy edges in pixels of the original photo and are clipped to it; a box with no
    area left is dropped and reported. Objects are in the order of their photos, then of the labels.
    `largest` skips `ignore` objects; of equally large ones the first is taken.

    Args:
        labels: with photos, sizes and splits of all images; their notes go into the report.
    """
    file, classes, notes = labels.file, labels.classes, labels.notes
    images = _images_table(labels.images, classes)
    # With millions of boxes every copy counts, so release the memory of reading and clipping.
    memory = pa.default_memory_pool()
    memory.release_unused()
    kept, clipped, dropped = clip_objects(labels)
    del labels
    memory.release_unused()
    areas = area(kept.boxes.astype(float))
    objects = _objects_table(kept, areas, images, classes)
    largest = objects.take(largest_rows(kept.rows, areas, kept.ignore))
    report = _report(images, kept, classes, clipped, dropped, notes)
    return Tables(images, objects, largest, report, file)


def check_learnable(tables: Tables) -> None:
    """Check that there is something to train on.

    Raises:
        InputError: there is not, or a class has objects in val or test but none in train.
    """
    file, classes, objects = tables.file, read_classes(tables.images), tables.objects
    if not (_codes(tables.images["split"]) == 0).any():
        raise InputError(f"{file}: split train: has no photo; put photos into train")
    if len(objects) == 0:
        remedy = f"label objects in the photos{or_correct(_left_out(tables.report))}"
        raise InputError(f"{file}: annotations: no box is left; {remedy}")
    counting = ~objects["ignore"].to_numpy()
    labels = objects["label"].to_numpy()
    counts = _counts(_codes(objects["split"]), labels, len(classes), where=counting)
    if not counts[0].any():
        problem = "has no object that counts (ignore is false)"
        remedy = f"label objects in its photos{or_correct(_left_out(tables.report))}"
        raise InputError(f"{file}: split train: {problem}; {remedy}")
    unseen = np.flatnonzero((counts[0] == 0) & (counts[1:].sum(0) > 0))
    if len(unseen):
        problem = "has objects in val or test and none in train"
        remedy = "move photos of it into train or remove the class"
        more = (
            f" (and {counted(len(unseen) - 1, 'class', 'classes')} more)" if len(unseen) > 1 else ""
        )
        raise InputError(f"{file}: class {classes[unseen[0]]}{more}: {problem}; {remedy}")


def _left_out(report: Report) -> list[str]:
    dropped = Counter(box["reason"] for box in report["dropped"])
    boxes = (f"boxes dropped, {reason}: {count}" for reason, count in dropped.items())
    return [*report["notes"], *boxes]


def largest_rows(groups: np.ndarray, areas: np.ndarray, ignore: np.ndarray) -> np.ndarray:
    """Return the index of the largest object of each group that is not ignored, in group order.

    Args:
        groups: `(O,)` ascending, the photo of each object.
        areas: `(O,)` in square pixels; of equal ones the first wins.
        ignore: `(O,)` bool.

    Returns:
        `(G,)` int64, for the G groups that have such an object.
    """
    candidates = np.flatnonzero(~ignore)
    if len(candidates) == 0:
        return candidates
    groups, areas = groups[candidates], areas[candidates]
    _, starts, counts = np.unique(groups, return_index=True, return_counts=True)
    best = np.repeat(np.maximum.reduceat(areas, starts), counts)  # (O,) the largest of each group
    winners = np.flatnonzero(areas == best)
    _, first = np.unique(groups[winners], return_index=True)
    return candidates[winners[first]]


def write_tables(folder: Path, tables: Tables) -> None:
    """Write `images`, `objects`, `largest` as Parquet and `report.json` into `folder`.

    Raises:
        InputError: a table does not have its schema.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.by_name.items():
        path = folder / f"{name}.parquet"
        check_schema(path, table.schema, SCHEMAS[name])
        write_parquet(table, path)
    report = orjson.dumps(tables.report, option=orjson.OPT_INDENT_2)
    (folder / "report.json").write_bytes(report + b"\n")


def _images_table(images: pa.Table, classes: list[str]) -> pa.Table:
    images = images.combine_chunks()
    splits = pc.index_in(images["split"], value_set=pa.array(SPLITS)).combine_chunks()
    columns = [
        images["id"],
        images["file_name"],
        images["width"].cast(pa.int32()),
        images["height"].cast(pa.int32()),
        pa.DictionaryArray.from_arrays(splits.cast(pa.int8()), pa.array(SPLITS)),
        images["photo"],
        images["turned"],
    ]
    return pa.Table.from_arrays(columns, schema=with_classes(IMAGES_SCHEMA, classes))


def _objects_table(
    kept: Objects, areas: np.ndarray, images: pa.Table, classes: list[str]
) -> pa.Table:
    photos = images.drop_columns(["photo", "turned"]).take(pa.array(kept.rows))
    columns = [
        pa.array(kept.ids, pa.int64()),
        *photos.combine_chunks().columns,
        pa.array(kept.labels),
        pa.DictionaryArray.from_arrays(kept.labels, pa.array(classes, pa.string())),
        *(pa.array(side) for side in kept.boxes.T),
        pa.array(areas.astype(np.float32)),
        pa.array(kept.ignore),
        pa.array(kept.scores, from_pandas=True),  # NaN becomes null
    ]
    return pa.Table.from_arrays(columns, schema=with_classes(OBJECTS_SCHEMA, classes))


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    return column.combine_chunks().indices.to_numpy()


def _counts(splits: np.ndarray, labels: np.ndarray, classes: int, where: np.ndarray) -> np.ndarray:
    """Return `(3, C)` counts, by split and class, of the objects selected by `where`."""
    flat = np.bincount(splits[where] * np.int64(classes) + labels[where], minlength=3 * classes)
    return flat.reshape(3, classes)


def _report(
    images: pa.Table,
    kept: Objects,
    classes: list[str],
    clipped: int,
    dropped: list[DroppedBox],
    notes: Sequence[str],
) -> Report:
    splits = _codes(images["split"])
    every = np.ones(len(kept.rows), bool)
    counts = _counts(splits[kept.rows], kept.labels, len(classes), where=every)
    photos = np.bincount(splits, minlength=3)
    objects = np.bincount(kept.rows, minlength=len(images))  # of each photo
    return {
        "images": len(images),
        "objects": len(kept.rows),
        "ignored": int(kept.ignore.sum()),
        "labelled_by_a_model": int(np.count_nonzero(~np.isnan(kept.scores))),
        "splits": {
            split: {"images": int(photos[index]), "objects": int(counts[index].sum())}
            for index, split in enumerate(SPLITS)
        },
        "classes": {
            name: dict(zip(SPLITS, counts[:, label].tolist(), strict=True))
            for label, name in enumerate(classes)
        },
        "photos_without_objects": int(np.count_nonzero(objects == 0)),
        "clipped": clipped,
        "dropped": dropped,
        "notes": list(map(one_line, notes)),  # file names may be no text
    }
