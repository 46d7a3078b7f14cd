"""A mosaic of photos that a rung was trained on, as augmented."""

from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.reading.array_file import read_array
from pipeline.report.answers import DrawnPhotos
from pipeline.report.marks import Marks
from pipeline.report.page import layout_of
from pipeline.report.photo_grid import photo_grid

_PARTS = ("row", "pixels", "boxes", "labels", "ignore")


def augmented_picture(path: Path, stored: Path, photos: DrawnPhotos, rung: str) -> None:
    """Write a PNG of the augmented photos that a training has saved, with boxes and classes.

    Args:
        path: the PNG.
        stored: the array written by `first_batch`; without it nothing is drawn.
        photos: all photos.
        rung: its name.

    Raises:
        InputError: it is damaged, or of other photos.
    """
    if not stored.is_file():
        return
    records = read_array(stored, "train the rung again")
    if records.dtype.names != _PARTS or not (records["row"] < len(photos.images)).all():
        raise InputError(f"{stored}: not photos of these tables; train the rung again")
    files = photos.images["file_name"].take(records["row"]).to_pylist()
    side = records["pixels"].shape[1]
    photo_grid(
        path,
        list(records["pixels"]),
        [_marks(record) for record in records],
        [Marks()] * len(records),
        names=photos.lettering.names,
        title=f"{rung}: photos of train, augmented, at {side} px",
        note=photos.lettering.note,
        layout=layout_of(len(records)),
        captions=[
            f"{file}: {_classes(record, photos.lettering.names)}"
            for file, record in zip(files, records, strict=True)
        ],
    )


def _marks(record: np.void) -> Marks:
    here = record["labels"] >= 0
    return Marks(record["boxes"][here], record["labels"][here], ignore=record["ignore"][here])


def _classes(record: np.void, names: list[str]) -> str:
    """Return the classes of the objects that count, each class once."""
    labels = record["labels"][(record["labels"] >= 0) & ~record["ignore"]].tolist()
    return ", ".join(names[label] for label in dict.fromkeys(labels)) or "nothing to find"
