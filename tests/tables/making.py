"""Labels of photos with splits, as several tests of tables make them."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.formats.labels import IMAGES, Labels


def photos(*splits: str | None, objects: int = 0) -> Labels:
    """Return labels of photos with these splits; object k is in photo k modulo their number."""
    images = [{"id": k, "file_name": f"{k}.jpg", "split": split} for k, split in enumerate(splits)]
    ids = np.arange(objects)
    return Labels(
        Path("x"),
        Path("photos"),
        pa.Table.from_pylist(images, schema=IMAGES),
        ["cat"],
        ids,
        (ids % max(1, len(splits))).astype(np.int32),
        np.zeros(objects, np.int16),
        np.ones((objects, 4)),
        np.zeros(objects, bool),
    )


def unsplit(count: int) -> Labels:
    return photos(*[None] * count)


def splits_of(labels: Labels) -> list[str]:
    return labels.images["split"].to_pylist()
