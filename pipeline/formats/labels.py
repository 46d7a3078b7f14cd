"""The labels of a set by columns, whatever format they came in."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

IMAGES = pa.schema(
    [
        ("id", pa.int64()),
        ("file_name", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("split", pa.string()),
    ]
)


@dataclass(frozen=True)
class Labels:
    """What a reader of labels returns; every reference holds and every box is finite.

    Attributes:
        file: where the labels are, for messages.
        photos: the folder below which their photos lie.
        images: the columns of `IMAGES`, `P` rows; sizes and splits are null where the labels have
            none.
        classes: names in label order.
        ids: `(O,)` int64, of the objects.
        rows: `(O,)` int32, of each object's image.
        labels: `(O,)` int16, 0..C-1.
        boxes: `(O, 4)` float64, 0-based `[x, y, width, height]` in pixels, sizes not negative.
        ignore: `(O,)` bool; marked so, or a crowd, which is a region and not an object.
    """

    file: Path
    photos: Path
    images: pa.Table
    classes: list[str]
    ids: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    ignore: np.ndarray

    def of_images(self, keep: np.ndarray) -> "Labels":
        """Return the images for which `keep`, `(P,)` bool, is true, and their objects."""
        chosen = keep[self.rows]
        return replace(
            self,
            images=self.images.filter(pa.array(keep)),
            ids=self.ids[chosen],
            rows=(np.cumsum(keep, dtype=np.int32) - 1)[self.rows[chosen]],
            labels=self.labels[chosen],
            boxes=self.boxes[chosen],
            ignore=self.ignore[chosen],
        )
