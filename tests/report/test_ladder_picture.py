"""The predictions of all rungs for the same photos, in one picture."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from pipeline.demo.painter import CLASSES
from pipeline.predictions import Predictions, predictions_table
from pipeline.report import ladder_picture as module
from pipeline.report.answers import Answers, DrawnPhotos
from pipeline.report.fonts import Lettering
from pipeline.report.ladder_picture import chosen_rows, ladder_picture
from pipeline.report.page import CAPTION, GAP, NOTE, TITLE
from pipeline.schemas import IMAGES_SCHEMA
from tests.found import Found
from tests.stages.answers import TASKS

BOX, NO_BOX = [16.0, 16.0, 48.0, 48.0], [np.nan] * 4


def answers_of(rung, images, folder):
    """Return one prediction per photo, or two, of which the second is not a label."""
    task = TASKS[rung]
    count = 2 if task.every_object else 1
    found = Found(
        np.array([BOX if task.answers_box else NO_BOX] * count),
        np.array([1, 2][:count] if task.answers_class else [-1]),
        np.array([0.9, 0.2][:count]),
    )
    table = predictions_table(images, [found] * len(images), classes=CLASSES, task=task)
    scores = np.full(len(CLASSES), 0.5) if task.every_object else None
    return Answers(rung, Predictions(table, task, list(CLASSES)), folder, scores)


@pytest.fixture
def photos(painted_project):
    tables = {name: pq.read_table(f"data/tables/{name}.parquet") for name in ("largest", "objects")}
    images = pq.read_table("data/tables/images.parquet")
    return DrawnPhotos(
        images, np.load("data/pixels/photos.npy"), tables, Lettering(list(CLASSES), "")
    )


@pytest.fixture
def ladder(photos, tmp_path):
    return [answers_of(rung, photos.images, tmp_path) for rung in TASKS]


def test_the_picture_has_a_column_for_each_rung_and_a_row_for_each_photo(photos, ladder, tmp_path):
    ladder_picture(tmp_path / "ladder.png", ladder, photos)
    with Image.open(tmp_path / "ladder.png") as picture:
        shades = np.asarray(picture.convert("L"))
    height, width = shades.shape
    shown = len(chosen_rows(photos.images, photos.truths["largest"]))
    assert width == 6 * (220 + GAP) + GAP
    assert height == shown * (220 + CAPTION + GAP) + TITLE + NOTE
    for row in np.array_split(shades[60:], shown):
        for cell in np.array_split(row, 6, axis=1):
            assert len(np.unique(cell)) > 10


def test_what_each_column_shows(photos, ladder, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(module, "photo_grid", lambda path, *args, **named: drawn.append(named))
    ladder_picture(tmp_path / "ladder.png", ladder, photos)
    (named,) = drawn
    shown = len(chosen_rows(photos.images, photos.truths["largest"]))
    assert (named["layout"].rows, named["layout"].columns) == (shown, 6)
    captions = np.reshape(named["captions"], (shown, 6))
    for rung, column in zip(TASKS, captions.T, strict=True):
        assert all(caption.startswith(f"{rung}: ") for caption in column)
    assert all("IoU" not in caption for caption in captions[:, 0])
    assert all(caption.startswith("bbox: IoU ") for caption in captions[:, 1])
    assert all("1 box for " in caption for caption in captions[:, 3:].flat)


def test_without_a_photo_there_is_no_picture(photos, ladder, tmp_path):
    nothing = DrawnPhotos(
        photos.images, photos.pixels, {"largest": photos.truths["largest"].slice(0, 0)}, None
    )
    ladder_picture(tmp_path / "ladder.png", ladder, nothing)
    assert not (tmp_path / "ladder.png").exists()


def images_of(*splits):
    rows = [
        {"image_id": place, "file_name": "", "width": 1, "height": 1, "split": split}
        for place, split in enumerate(splits)
    ]
    return pa.Table.from_pylist(rows, schema=IMAGES_SCHEMA)


def test_at_most_four_photos_of_val_that_have_an_object():
    images = images_of("val", "train", *["val"] * 6)
    largest = pa.table({"image_id": pa.array([1, 2, 3, 5, 6, 7], pa.int64())})
    assert chosen_rows(images, largest).tolist() == [2, 3, 5, 6]
    assert chosen_rows(images, largest.slice(0, 1)).tolist() == []


def test_without_val_photos_of_test_are_taken():
    images = images_of("train", "test", "test")
    largest = pa.table({"image_id": pa.array([0, 2], pa.int64())})
    assert chosen_rows(images, largest).tolist() == [2]
