"""Small results to compare: photos of 100 x 50 pixels, their objects, and predictions."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.compare.common_photos import CommonPhotos, common_photos
from pipeline.compare.sides.find_result import find_result
from pipeline.compare.sides.rung_result import RungResult, read_rung
from pipeline.predictions import predictions_table
from pipeline.schemas import IMAGES_SCHEMA, OBJECTS_SCHEMA, with_classes
from pipeline.tasks import Task
from tests.found import Found

CLASSES = ("cat", "dog")
TASKS = {"classifier": Task.CLASSIFY, "bbox": Task.LOCATE, "combined": Task.CLASSIFY_AND_LOCATE}
LEFT, RIGHT, NOWHERE = (0.0, 0.0, 40.0, 40.0), (50.0, 0.0, 90.0, 40.0), (45.0, 45.0, 50.0, 50.0)
# name of a photo -> (class, box) of each object
Objects = Mapping[str, Sequence[tuple[str, tuple[float, ...]]]]
# name of a photo -> (class, box, score) of each answer
Answers = Mapping[str, Sequence[tuple[str, tuple[float, ...], float]]]


def pets(number: int, first: int = 0) -> dict[str, list[tuple[str, tuple[float, ...]]]]:
    """Return photos with a cat on the left; in every second one it is a dog."""
    return {f"{n:03}.jpg": [(CLASSES[n % 2], LEFT)] for n in range(first, first + number)}


def told(objects: Objects, missed: Sequence[int] = (), score: float = 0.9) -> Answers:
    """Return the truth as predictions, but for the photos at these places a box on nothing."""
    return {
        photo: [(name, NOWHERE if place in missed else box, score) for name, box in things]
        for place, (photo, things) in enumerate(objects.items())
    }


def write_result(
    folder: Path,
    objects: Objects,
    answers: Mapping[str, Answers],
    classes: Sequence[str] = CLASSES,
    ids: Sequence[int] | None = None,
) -> Path:
    """Write tables and predictions into the folder of a project; return the folder.

    Args:
        folder: made if absent.
        objects: of all photos, which are of val.
        answers: by rung; one that is not in `TASKS` predicts all objects.
        classes: names in label order.
        ids: of the photos.
    """
    images = _images(list(objects), classes, ids or range(1, len(objects) + 1))
    rows = [
        _object(row, number, classes.index(name), name, box)
        for row in images.to_pylist()
        for number, (name, box) in enumerate(objects[row["file_name"]])
    ]
    largest = list({row["image_id"]: row for row in reversed(rows)}.values())[::-1]
    tables = {
        "images": images,
        "objects": _table(rows, classes),
        "largest": _table(largest, classes),
    }
    (folder / "data/tables").mkdir(parents=True, exist_ok=True)
    (folder / "predictions").mkdir(exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"data/tables/{name}.parquet")
    for rung, said in answers.items():
        table = _predictions(images, said, classes, TASKS.get(rung, Task.DETECT))
        pq.write_table(table, folder / f"predictions/{rung}.parquet")
    return folder


def _images(names: list[str], classes: Sequence[str], ids: Sequence[int]) -> pa.Table:
    rows = [
        {
            "image_id": number,
            "file_name": name,
            "width": 100,
            "height": 50,
            "split": "val",
            "photo": f"photos/{name}",
            "turned": True,
        }
        for number, name in zip(ids, names, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=with_classes(IMAGES_SCHEMA, list(classes)))


def _object(image: dict, number: int, label: int, name: str, box: tuple[float, ...]) -> dict:
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True))
    known = {key: value for key, value in image.items() if key in OBJECTS_SCHEMA.names}
    more = {"object_id": number, "label": label, "name": name, "ignore": False, "area": 1.0}
    return {**known, **more, **sides}


def _table(rows: list[dict], classes: Sequence[str]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=with_classes(OBJECTS_SCHEMA, list(classes)))


def _predictions(
    images: pa.Table, answers: Answers, classes: Sequence[str], task: Task
) -> pa.Table:
    said = [answers.get(name, []) for name in images["file_name"].to_pylist()]
    boxes = [np.array([box for _, box, _ in one], float).reshape(-1, 4) for one in said]
    labels = [np.array([classes.index(name) for name, _, _ in one], int) for one in said]
    if not task.answers_box:
        boxes = [np.full_like(some, np.nan) for some in boxes]
    if not task.answers_class:
        labels = [np.full_like(some, -1) for some in labels]
    scores = [np.array([score for _, _, score in one], float) for one in said]
    found = list(map(Found, boxes, labels, scores))
    return predictions_table(images, found, classes=classes, task=task)


def write_lock(folder: Path, rungs: Sequence[str], params: Mapping[str, object]) -> None:
    """Write a `dvc.lock` with these rungs and the digests of `md5_of`."""
    stages = {}
    for rung in rungs:
        kept = [f"predictions/{rung}.parquet", *(f"data/tables/{one}.parquet" for one in TABLES)]
        stages |= {
            f"train@{rung}": {"cmd": "train", "params": {"params.yaml": dict(params)}},
            f"predict@{rung}": {"cmd": "predict"},
            f"evaluate@{rung}": {
                "cmd": "evaluate",
                "deps": [{"path": one, "md5": md5_of(folder / one)} for one in kept],
            },
        }
    (folder / "dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": stages}))


TABLES = ("images", "objects", "largest")


def md5_of(path: Path) -> str:
    """Return the digest by which DVC names the content of a file."""
    import hashlib

    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def rung_in(folder: Path, rung: str = "ssd") -> RungResult:
    """Return the predictions of a rung in a folder for val."""
    return read_rung(find_result(str(folder)), rung, "val")


def common_of(
    folder: Path, objects: Objects, a: Answers, b: Answers, rung: str = "ssd"
) -> CommonPhotos:
    """Return two predictions of a rung for the same photos."""
    sides = [
        rung_in(write_result(folder / side, objects, {rung: said}), rung)
        for side, said in (("a", a), ("b", b))
    ]
    return common_photos(*sides)
