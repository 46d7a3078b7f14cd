"""Predictions made of the truth and noise, so that evaluation and report need no network."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.predictions import predictions_table
from pipeline.rungs.model_spec import ModelSpec, spec_text
from pipeline.schemas import box_columns, read_classes
from pipeline.tasks import Task
from tests.found import Found

TASKS = {
    "classifier": Task.CLASSIFY,
    "bbox": Task.LOCATE,
    "combined": Task.CLASSIFY_AND_LOCATE,
    "ssd_4x4": Task.DETECT,
    "ssd_189": Task.DETECT,
    "ssd_fpn": Task.DETECT,
}
FIRST_BATCH = [  # fields of what a training leaves of the photos that it has learnt from
    ("row", "i8"),
    ("pixels", "u1", (16, 16, 3)),
    ("boxes", "f4", (3, 4)),
    ("labels", "i8", (3,)),
    ("ignore", "?", (3,)),
]
NOISE = {"ssd_4x4": 0.25, "ssd_189": 0.15}  # of a box's side; the others .05


def answer(rung: str, wrong: float = 0.1, background: int = 5) -> None:
    """Write what the stages before `evaluate` leave of a rung, in the current folder.

    Args:
        rung: a key of `TASKS`.
        wrong: share of the objects whose class is told at random, and of those not found at all.
        background: boxes of low score on nothing in each photo.
    """
    task, noise = TASKS[rung], np.random.default_rng(len(rung) + 1)
    images = pq.read_table("data/tables/images.parquet")
    objects = pq.read_table(f"data/tables/{task.table}.parquet")
    photos = images.filter(np.asarray(images["split"]) != "train")
    sizes = np.stack([photos["width"].to_numpy(), photos["height"].to_numpy()], 1)
    ids, classes = np.asarray(objects["image_id"]), read_classes(images)
    found = []
    for image_id, size in zip(photos["image_id"].to_pylist(), sizes, strict=True):
        here = objects.filter(ids == image_id)
        box, label = box_columns(here).astype(float), here["label"].to_numpy().astype(int)
        if not task.every_object and not len(here):
            box, label = np.array([[0.0, 0, *size]]), np.zeros(1, int)
        box = _moved(box, noise, NOISE.get(rung, 0.05))
        score = noise.beta(5, 2, len(label))
        label = np.where(noise.random(len(label)) < wrong, noise.integers(len(classes)), label)
        if task.every_object:
            kept = noise.random(len(label)) >= wrong
            corner = noise.random((background, 2)) * size * 0.7
            some = np.concatenate([corner, corner + noise.random((background, 2)) * size * 0.3], 1)
            box = np.concatenate([box[kept], some])
            label = np.concatenate([label[kept], noise.integers(len(classes), size=background)])
            score = np.concatenate([score[kept], 0.05 + 0.5 * noise.beta(1, 5, background)])
        best = np.argsort(-score)
        boxes = box[best] if task.answers_box else np.full((len(best), 4), np.nan)
        labels = label[best] if task.answers_class else np.full(len(best), -1)
        scores = score[best] if task.answers_class else np.ones(len(best))
        found.append(Found(boxes, labels, scores))
    table = predictions_table(photos, found, classes=classes, task=task)
    Path("predictions").mkdir(exist_ok=True)
    pq.write_table(table, f"predictions/{rung}.parquet")
    write_model(rung, task)


def _moved(boxes: np.ndarray, noise: np.random.Generator, share: float) -> np.ndarray:
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    moved = boxes + noise.normal(0, share, boxes.shape) * sides
    return np.concatenate([moved[:, :2], np.maximum(moved[:, 2:], moved[:, :2] + 1)], 1)


def write_model(rung: str, task: Task) -> None:
    """Write what a training leaves that is read without torch."""
    folder = Path("models", rung)
    folder.mkdir(parents=True, exist_ok=True)
    phases, box = ["head", *["late"] * 5], [0, 0.5, 0.0, 0.0, 0.5, 1.0]
    rows = [
        {
            "epoch": e,
            "phase": phase,
            "lr": 0.003 / e,
            "train": {"loss": 2 / e},
            "val": {"loss": 3 / e},
            "found": [[box] * e, [box] * (e > 2)] if task.every_object else [],
        }
        for e, phase in enumerate(phases, 1)
    ]
    (folder / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    Path("augmented").mkdir(exist_ok=True)
    np.save(f"augmented/{rung}.npy", np.zeros(2, FIRST_BATCH))
    spec = ModelSpec(
        rung,
        task.value,
        backbone="none",
        image_size=128,
        classes=["one"],
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        precision="float32",
        processor="abacus",
        options={},
        params={},
    )
    (folder / "model.json").write_text(spec_text(spec, "0" * 64))
    if task.every_object:
        corner = np.stack(np.meshgrid(range(0, 128, 32), range(0, 128, 32)), -1).reshape(-1, 2)
        anchors = [np.concatenate([corner, corner + side], 1) for side in (32, 64)]
        np.save(folder / "anchors.npy", np.concatenate(anchors).astype("f4"))


def rename_classes(names: list[str]) -> None:
    """Give the classes of the tables in the current folder other names."""
    for path in Path("data/tables").glob("*.parquet"):
        table = pq.read_table(path)
        old = read_classes(table)
        metadata = {b"classes": json.dumps(names).encode()}
        if "name" in table.column_names:
            renamed = dict(zip(old, names, strict=True))
            values = pa.array([renamed[name] for name in table["name"].to_pylist()])
            values = values.cast(table.schema.field("name").type)
            place = table.column_names.index("name")
            table = table.set_column(place, table.schema.field("name"), values)
        pq.write_table(table.replace_schema_metadata(metadata), path)
