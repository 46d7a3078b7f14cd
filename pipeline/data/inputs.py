"""What training, export and benchmarks read: the tables and the pixel store."""

from dataclasses import dataclass
from functools import partial

import pyarrow as pa

from pipeline.data.photos import Photos, photos_of_split
from pipeline.data.pixel_store import Pixels, open_pixel_store
from pipeline.files import PIXELS, TABLES
from pipeline.schemas import SCHEMAS, read_classes, read_table
from pipeline.tasks import Task


@dataclass(frozen=True)
class Inputs:
    """The images table, the rung's table of objects, and the pixels of all photos.

    The tables of a million photos take 300 MB; where photos are enough, read `TrainingData`.
    """

    images: pa.Table
    objects: pa.Table
    pixels: Pixels
    classes: list[str]
    task: Task

    def photos(self, split: str) -> Photos:
        """Return the photos of a split; for the largest object, only those that have one."""
        return photos_of_split(
            self.pixels,
            self.images,
            self.objects,
            split,
            empty_photos=self.task.every_object,
        )


@dataclass(frozen=True)
class TrainingData:
    """A rung's training and validation photos, and the classes in label order."""

    train: Photos
    val: Photos
    classes: list[str]


def read_inputs(task: Task) -> Inputs:
    """Return the tables and pixels that rungs with this task are trained and validated on.

    Raises:
        InputError: a file is missing or does not fit the others.
    """
    images = read_table(TABLES / "images.parquet", SCHEMAS["images"])
    objects = read_table(TABLES / f"{task.table}.parquet", SCHEMAS[task.table])
    pixels = open_pixel_store(PIXELS, len(images))
    return Inputs(images, objects, pixels, read_classes(images), task)


class ColumnsOnDisk:
    """The columns of a table that the tables stage made, each read on access.

    Raises:
        InputError: see `read_table`.
    """

    def __init__(self, name: str):
        self.path = TABLES / f"{name}.parquet"
        self.schema = SCHEMAS[name]

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        return read_table(self.path, self.schema, [name])[name]


def read_training_data(task: Task, machine_weight: float) -> TrainingData:
    """Return the photos that rungs with this task train on; the tables do not stay in memory.

    Each split reads the columns again, which takes seconds but only a third of the memory.

    Args:
        task: of the rung.
        machine_weight: see `photos_of_split`.

    Raises:
        InputError: a file is missing or does not fit the others.
    """
    images, objects = ColumnsOnDisk("images"), ColumnsOnDisk(task.table)
    ids = read_table(images.path, images.schema, ["image_id"])
    pixels = open_pixel_store(PIXELS, len(ids))
    photos = partial(
        photos_of_split,
        pixels,
        images,
        objects,
        empty_photos=task.every_object,
        machine_weight=machine_weight,
    )
    val = photos("val")  # first: its columns are freed before those of train are read
    train = photos("train")
    pa.default_memory_pool().release_unused()  # what the columns took
    return TrainingData(train, val, read_classes(ids))
