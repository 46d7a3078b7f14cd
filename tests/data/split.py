"""Five photos in two splits with seven objects, to check by hand."""

import numpy as np
import pyarrow as pa

from pipeline.data.photos import photos_of_split
from pipeline.tables.build import IMAGES_SCHEMA, OBJECTS_SCHEMA

# id, split; the ids are out of order, photo 4 has no objects and photo 7 is of another split.
PHOTOS = [(30, "train"), (10, "train"), (4, "train"), (7, "val"), (20, "train")]
# photo, label, box in a photo of 200 x 100, ignore; not in the order of the photos either.
OBJECTS = [
    (20, 2, (0, 0, 200, 100), False),
    (7, 1, (0, 0, 20, 10), False),
    (30, 0, (50, 25, 150, 75), False),
    (10, 1, (0, 0, 100, 50), False),
    (30, 1, (100, 50, 200, 100), True),
    (10, 2, (20, 20, 40, 40), False),
    (30, 2, (0, 0, 20, 20), False),
]


def images_table(photos=PHOTOS):
    rows = [
        {"image_id": key, "file_name": f"{key}.jpg", "width": 200, "height": 100, "split": split}
        for key, split in photos
    ]
    return pa.Table.from_pylist(rows, schema=IMAGES_SCHEMA)


def objects_table(objects=OBJECTS, photos=PHOTOS):
    splits = dict(photos)
    rows = [
        {
            "object_id": number,
            "image_id": key,
            "file_name": f"{key}.jpg",
            "width": 200,
            "height": 100,
            "split": splits[key],
            "label": label,
            "name": "abc"[label],
            **dict(zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)),
            "area": (box[2] - box[0]) * (box[3] - box[1]),
            "ignore": ignore,
        }
        for number, (key, label, box, ignore) in enumerate(objects)
    ]
    return pa.Table.from_pylist(rows, schema=OBJECTS_SCHEMA)


def store(photos=PHOTOS, side=16):
    """Return a store in which the photo at row i has the grey value 40 * i."""
    grey = np.arange(len(photos), dtype=np.uint8) * 40
    return np.ascontiguousarray(np.broadcast_to(grey[:, None, None, None], (5, side, side, 3)))


def photos_of(split="train", objects=OBJECTS, empty_photos=True):
    return photos_of_split(
        store(), images_table(), objects_table(objects), split, empty_photos=empty_photos
    )
