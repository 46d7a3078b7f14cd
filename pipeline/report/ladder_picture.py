"""The predictions of all rungs for the same photos, in one picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import counted
from pipeline.report.answers import Answers, DrawnPhotos
from pipeline.report.figures import LARGEST_SIDE
from pipeline.report.marks import Marks, marks_of, verdict
from pipeline.report.page import Layout
from pipeline.report.photo_grid import photo_grid

_PHOTOS = 4
_NOTE = "detectors: boxes that become labels"
_CELL = 220  # pixels, for six rungs side by side


def ladder_picture(path: Path, ladder: Sequence[Answers], photos: DrawnPhotos) -> None:
    """Write a PNG with one column per rung and one row per photo.

    Nothing is written if no photo has an object.
    """
    rows = chosen_rows(photos.images, photos.truths["largest"])
    if not len(rows) or not ladder:
        return
    images = photos.images.take(rows)
    cells = [
        cell_of(answers, image_id, photos)
        for image_id in images["image_id"].to_pylist()
        for answers in ladder
    ]
    truths, predicted, captions = zip(*cells, strict=True)
    sizes = zip(images["width"].to_pylist(), images["height"].to_pylist(), strict=True)
    cell = min(_CELL, LARGEST_SIDE // len(ladder) - 10)
    photo_grid(
        path,
        [photos.pixels[row] for row in rows for _ in ladder],
        truths,
        predicted,
        names=photos.lettering.names,
        title="the ladder: what each rung predicts for photos it was not trained on",
        note="    ".join(filter(None, [_NOTE, photos.lettering.note])),
        layout=Layout(len(rows), len(ladder), cell),
        captions=captions,
        sizes_wh=[size for size in sizes for _ in ladder],
    )


def chosen_rows(images: pa.Table, largest: pa.Table) -> np.ndarray:
    """Return the rows of the first photos of val, else of test, that have a largest object."""
    usable = pc.is_in(images["image_id"], largest["image_id"]).to_numpy()
    splits = np.asarray(images["split"].cast(pa.string()))
    of_split = (np.flatnonzero(usable & (splits == split)) for split in ("val", "test"))
    return next((rows for rows in of_split if len(rows)), np.zeros(0, int))[:_PHOTOS]


def cell_of(answers: Answers, image_id: int, photos: DrawnPhotos) -> tuple[Marks, Marks, str]:
    """Return truth, prediction and caption of one photo for one rung."""
    truth = marks_of(photos.truths[answers.predictions.task.table], image_id)
    found = marks_of(answers.predictions.table, image_id, answers.label_scores)
    names = photos.lettering.names
    objects = len(truth.labels) - int(np.sum(truth.ignore))
    counts = f"{counted(len(found.labels), 'box', 'boxes')} for {counted(objects, 'object')}"
    said = verdict(truth, found, names)[0] if answers.single else counts
    return truth, found, f"{answers.rung}: {said}"
