"""What training reads: the tables and the pixel store."""

from dataclasses import dataclass

import pyarrow as pa

from pipeline.data.photos import Photos, photos_of_split
from pipeline.data.pixel_store import Pixels, open_pixel_store
from pipeline.files import PIXELS, TABLES
from pipeline.schemas import SCHEMAS, read_classes, read_table
from pipeline.tasks import Task


@dataclass(frozen=True)
class Inputs:
    """The images table, the rung's table of objects, and the pixels of all photos."""

    images: pa.Table
    objects: pa.Table
    pixels: Pixels
    classes: list[str]
    task: Task

    def photos(self, split: str, machine_weight: float = 1.0) -> Photos:
        """Return the photos of a split; for the largest object, those that have one."""
        return photos_of_split(
            self.pixels,
            self.images,
            self.objects,
            split,
            empty_photos=self.task.every_object,
            machine_weight=machine_weight,
        )


def read_inputs(task: Task) -> Inputs:
    """Return the tables and pixels that rungs with this task are trained and validated on.

    Raises:
        InputError: a file is missing or does not fit the others.
    """
    images = read_table(TABLES / "images.parquet", SCHEMAS["images"])
    objects = read_table(TABLES / f"{task.table}.parquet", SCHEMAS[task.table])
    pixels = open_pixel_store(PIXELS, len(images))
    return Inputs(images, objects, pixels, read_classes(images), task)
