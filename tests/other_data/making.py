"""Small labelled folders, and a result on one as if a model had answered; none needs torch."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.other_data.labelled import read_labelled
from pipeline.other_data.result import ModelEvaluation, class_figures
from pipeline.other_data.tables import measured_photos, notes_on, tables_to_measure
from pipeline.predictions import Predictions, predictions_table
from pipeline.schemas import box_columns
from pipeline.tables.build import Tables
from pipeline.tasks import Task
from tests.data.making import SMALL, pascal
from tests.found import Found

CLASSES = ["cat", "dog"]
PHOTOS = ("0.jpg", "1.jpg", "2.jpg")


def labelled_folder(folder: Path, source: dict | None = None) -> Path:
    """Write three photos of 100 x 50, of which the last has no object, and their Pascal JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PHOTOS:
        Image.new("RGB", (100, 50), "teal").save(folder / name)
    (folder / "labels.json").write_text(json.dumps(source or pascal(SMALL)))
    return folder


def small_tables(folder: Path) -> Tables:
    """Return the tables of such a folder."""
    return tables_to_measure(read_labelled(labelled_folder(folder)))


def right_answers(tables: Tables, task: Task = Task.DETECT) -> Predictions:
    """Return what a model would say that finds everything; where nothing is, it may see a cat."""
    truth = tables.by_name[task.table]
    found = []
    for image_id in tables.images["image_id"].to_pylist():
        here = truth.filter(np.asarray(truth["image_id"]) == image_id)
        box, label = box_columns(here), here["label"].to_numpy()
        if not (task.every_object or len(here)):
            box, label = np.array([[0.0, 0, 100, 50]]), np.zeros(1, int)
        found.append(Found(box, label, np.full(len(label), 0.9)))
    table = predictions_table(tables.images, found, classes=CLASSES, task=task)
    return Predictions(table, task, CLASSES)


def evaluation_on(
    folder: Path, tables: Tables, predictions: Predictions, results: Path
) -> ModelEvaluation:
    """Return the figures of a model called `ssd_fpn` or `combined`."""
    task = predictions.task
    names = {name: 0.5 for name in task.metrics}
    return ModelEvaluation(
        made_by="ladder evaluate",
        rung="ssd_fpn" if task.every_object else "combined",
        task=task.value,
        model="models/a",
        model_sha256="0" * 64,
        labels_sha256="0" * 64,
        processor="abacus",
        data=str(folder),
        split="",
        photos=measured_photos(tables, task),
        objects=3,
        metrics=names | {task.metrics[-1]: None},
        intervals={task.metrics[0]: (0.25, 0.75)},
        classes=class_figures(results),
        label_scores="of the model" if task.every_object else None,
        notes=notes_on(tables, task),
    )
