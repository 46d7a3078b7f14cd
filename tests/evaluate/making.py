"""Two photos with an object each, as tables, and predictions for them."""

import pyarrow as pa

from pipeline.predictions import PREDICTIONS_SCHEMA
from pipeline.schemas import IMAGES_SCHEMA, OBJECTS_SCHEMA

SIDES = ("xmin", "ymin", "xmax", "ymax")
CLASSES = ["cat", "dog"]
# image, width, height, label, box, ignore
OBJECTS = [
    (1, 128, 64, 0, (0.0, 0, 64, 64), False),
    (2, 64, 64, 1, (16.0, 16, 48, 48), False),
]


def objects_table(rows=OBJECTS):
    return pa.Table.from_pylist(
        [
            {"object_id": i, "image_id": image, "file_name": f"{image}.jpg", "split": "val"}
            | {"width": width, "height": height, "label": label, "name": CLASSES[label]}
            | dict(zip(SIDES, box, strict=True))
            | {"area": (box[2] - box[0]) * (box[3] - box[1]), "ignore": ignore}
            for i, (image, width, height, label, box, ignore) in enumerate(rows)
        ],
        schema=OBJECTS_SCHEMA,
    )


def predictions(*rows):
    """Return a table of predictions from (image, label, score, box) of each."""
    return pa.Table.from_pylist(
        [
            {"image_id": image, "file_name": f"{image}.jpg", "split": "val", "label": label}
            | {"name": CLASSES[label] if label >= 0 else None, "score": score}
            | dict(zip(SIDES, box, strict=True))
            for image, label, score, box in rows
        ],
        schema=PREDICTIONS_SCHEMA,
    )


def perfect(rows=OBJECTS):
    return predictions(*((image, label, 0.9, box) for image, _, _, label, box, ignore in rows))


def images_table(split="val"):
    """Return the photos of `OBJECTS` and a third one with nothing in it."""
    sizes = {1: (128, 64), 2: (64, 64), 3: (32, 32)}
    return pa.Table.from_pylist(
        [
            {"image_id": image, "file_name": f"{image}.jpg", "split": split}
            | {"width": width, "height": height, "photo": f"{image}.jpg", "turned": True}
            for image, (width, height) in sizes.items()
        ],
        schema=IMAGES_SCHEMA,
    )
