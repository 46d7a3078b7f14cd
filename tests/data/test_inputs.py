"""What training and evaluation read: tables and pixels that fit each other."""

import gc
from dataclasses import fields

import numpy as np
import pyarrow as pa
import pytest
import torch

from pipeline.data.inputs import read_inputs, read_training_data
from pipeline.data.photos import photos_of_split
from pipeline.demo.painter import CLASSES
from pipeline.errors import InputError
from pipeline.files import PIXELS, TABLES
from pipeline.tasks import Task
from tests.data.making import save_store


@pytest.mark.parametrize("task", Task)
def test_tables_and_pixels_of_a_task(painted_project, task):
    inputs = read_inputs(task)
    assert inputs.classes == list(CLASSES)
    assert inputs.pixels.shape == (24, 64, 64, 3)
    assert len(inputs.images) == 24
    assert inputs.objects.schema.names[0] == "object_id"
    photos = {split: len(inputs.photos(split)) for split in ("train", "val", "test")}
    if inputs.task.every_object:
        assert len(inputs.objects) > 24
        assert photos == {"train": 17, "val": 4, "test": 3}
    else:  # photos without an object are left out
        assert 0 < len(inputs.objects) == sum(photos.values()) < 24


def test_photos_know_their_pixels_and_boxes(painted_project):
    inputs = read_inputs(Task.LOCATE)
    photos = inputs.photos("val")
    images = inputs.images.take(photos.rows).to_pylist()
    assert {image["split"] for image in images} == {"val"}
    boxes_of_each, *_ = photos.objects_of(torch.arange(len(photos)))
    for image, boxes in zip(images, boxes_of_each, strict=True):
        (row,) = [r for r in inputs.objects.to_pylist() if r["image_id"] == image["image_id"]]
        expected = [row["xmin"] / row["width"], row["ymin"] / row["height"]]
        assert boxes[0, :2].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("photos", [23, 25])
def test_pixels_of_other_photos_are_refused(painted_project, photos):
    save_store(PIXELS, np.zeros((photos, 64, 64, 3), np.uint8))
    with pytest.raises(InputError) as error:
        read_inputs(Task.LOCATE)
    assert str(error.value) == (
        f"{PIXELS}: has {photos} photos, {TABLES / 'images.parquet'} has 24; "
        "run the pixels stage again"
    )


@pytest.mark.parametrize(
    ("missing", "task", "stage"),
    [
        (TABLES / "images.parquet", Task.LOCATE, "tables"),
        (TABLES / "largest.parquet", Task.LOCATE, "tables"),
        (TABLES / "objects.parquet", Task.DETECT, "tables"),
        (PIXELS, Task.LOCATE, "pixels"),
    ],
)
def test_what_is_missing_is_named_with_its_stage(painted_project, missing, task, stage):
    missing.unlink()
    with pytest.raises(InputError) as error:
        read_inputs(task)
    assert str(error.value).startswith(f"{missing}: ")
    assert f"run the {stage} stage" in str(error.value)


def test_the_largest_object_does_not_need_the_table_of_all(painted_project):
    (TABLES / "objects.parquet").unlink()
    assert len(read_inputs(Task.CLASSIFY).objects) == 22


@pytest.mark.parametrize("task", [Task.LOCATE, Task.DETECT])
def test_what_is_learnt_from_is_the_same_and_the_tables_go(painted_project, task):
    inputs = read_inputs(task)
    tables = inputs.pixels, inputs.images, inputs.objects
    how = {"empty_photos": task.every_object, "machine_weight": 0.5}
    expected = {split: photos_of_split(*tables, split, **how) for split in ("train", "val")}
    del inputs, tables
    gc.collect()
    before = pa.total_allocated_bytes()
    data = read_training_data(task, 0.5)
    gc.collect()
    assert pa.total_allocated_bytes() <= before
    assert data.classes == list(CLASSES)
    for split, photos in expected.items():
        of_split = getattr(data, split)
        assert of_split.rows.tolist() == photos.rows.tolist()
        for field in fields(photos)[2:]:
            assert np.array_equal(getattr(of_split, field.name), getattr(photos, field.name))
