"""Hashes of boxes: boxes that are equal to the pixel have the same hash."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.schemas import box_columns

BLOCK = 1 << 18  # boxes at once, so that memory does not grow with their number


def box_keys(photos: np.ndarray, labels: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return `(N,)` uint64, the same for boxes of one photo and class that are equal to the pixel.

    All others differ, except for about one pair in 10^19.

    Args:
        photos: `(N,)` int, the photo of each box.
        labels: `(N,)` int, the class of each box.
        boxes: `(N, 4)` in pixels inside a photo; rounded to integers.
    """
    keys = np.zeros(len(boxes), np.uint64)
    for column in (photos, labels, *np.rint(boxes).T):
        keys ^= column.astype(np.int64).view(np.uint64)
        keys *= np.uint64(0x9E3779B97F4A7C15)  # as in splitmix64, which spreads every bit
        keys ^= keys >> np.uint64(29)
    return keys


def keys_of_photos(images: pa.Table, objects: pa.Table) -> np.ndarray:
    """Return `(P,)` uint64, the same for photos with the same boxes, in any order."""
    sums = np.zeros(len(images), np.uint64)
    rows = pc.index_in(objects["image_id"], value_set=images["image_id"]).to_numpy()
    for at in range(0, len(objects), BLOCK):
        block = objects.slice(at, BLOCK)
        same = np.zeros(len(block), np.int64)  # the photo must not matter
        keys = box_keys(same, block["label"].to_numpy(), box_columns(block))
        np.add.at(sums, rows[at : at + BLOCK], keys)
    return sums
