"""The photos of one split with their objects, in memory proportional to the number of objects."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from pipeline.data.pixel_store import Pixels
from pipeline.schemas import BOX_SIDES


class Columns(Protocol):
    """A table, or something that reads each of its columns on access."""

    def __getitem__(self, name: str, /) -> pa.ChunkedArray: ...


@dataclass(frozen=True)
class Photos:
    """The photos of one split, and their objects in the order of the photos.

    The objects are not padded per photo: one with hundreds of them would make all as long.
    Instead, the last row of each of the four tensors is padding.

    Attributes:
        pixels: `(P, S, S, 3)` uint8, all photos of the store.
        rows: `(M,)` rows of `pixels` that belong to the split.
        most_objects: N, the largest number of objects in a photo, at least 1.
        starts: `(M + 1,)` int64; photo m has the objects `starts[m]` to `starts[m + 1] - 1`.
        boxes: `(K + 1, 4)` float32 xyxy as shares of the photo's sides.
        labels: `(K + 1,)` int16.
        ignore: `(K + 1,)` bool: neither an object nor background.
        weights: `(K + 1,)` float32 in 0..1, the weight of an object in a loss: 1 if people have
            labelled it, less if a model has.
    """

    pixels: Pixels
    rows: np.ndarray
    most_objects: int
    starts: Tensor
    boxes: Tensor
    labels: Tensor
    ignore: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    def objects_of(self, chosen: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the objects of some photos, padded to `most_objects`.

        Args:
            chosen: `(B,)` positions in `rows`.

        Returns:
            boxes `(B, N, 4)`, 0 where padded; labels `(B, N)` int64, -1 where padded; ignore
            `(B, N)`; weights `(B, N)`, 0 where padded.
        """
        at = self.starts[chosen, None] + torch.arange(self.most_objects)
        at = at.where(at < self.starts[chosen + 1, None], len(self.labels) - 1)
        return self.boxes[at], self.labels[at].long(), self.ignore[at], self.weights[at]


def photos_of_split(
    pixels: Pixels,
    images: Columns,
    objects: Columns,
    split: str,
    *,
    empty_photos: bool,
    machine_weight: float = 1.0,
) -> Photos:
    """Return the photos of one split with their objects.

    Args:
        pixels: the store, in the order of `images`.
        images: the `images` table.
        objects: the `objects` or the `largest` table.
        split: `train`, `val` or `test`.
        empty_photos: keep photos without a row in `objects`, as background.
        machine_weight: 0..1; the weight of an object that a model has labelled is its score times
            this.
    """
    rows, counts, order = _rows_and_order(images, objects, split, empty_photos)

    def column(name: str) -> np.ndarray:
        return objects[name].to_numpy()[order]

    return Photos(
        pixels,
        rows,
        most_objects=max(1, int(counts.max(initial=0))),
        starts=torch.from_numpy(np.concatenate([[0], np.cumsum(counts)])),
        boxes=_boxes_as_shares(column, len(order)),
        labels=_with_padding(column("label"), -1, np.int16),
        ignore=_with_padding(column("ignore"), False, np.bool_),
        weights=_with_padding(_weights(column("score"), machine_weight), 0, np.float32),
    )


def _rows_and_order(
    images: Columns, objects: Columns, split: str, empty_photos: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which rows of the tables belong to a split.

    Returns:
        `(M,)` int32 rows of `images`; `(M,)` how many objects each of these photos has; and `(K,)`
        int32 rows of `objects`, photo by photo.
    """
    # In blocks, in place and in small types: for millions of objects copies take the memory.
    ids = images["image_id"].to_numpy()
    by_id = np.argsort(ids).astype(np.int32)
    blocks = objects["image_id"].chunks
    owners = [by_id[np.searchsorted(ids, block, sorter=by_id)] for block in blocks]
    owner = np.concatenate([by_id[:0], *owners])
    del blocks, owners
    keep = pc.equal(images["split"].cast(pa.string()), split).to_numpy()
    counts = np.bincount(owner, minlength=len(ids))
    rows = np.flatnonzero(keep if empty_photos else keep & (counts > 0)).astype(np.int32)
    order = np.flatnonzero(keep[owner]).astype(np.int32)
    order = order[np.argsort(owner[order], kind="stable")]
    return rows, counts[rows], order


def _boxes_as_shares(column: Callable[[str], np.ndarray], objects: int) -> Tensor:
    """Return `(K + 1, 4)` float32 xyxy as shares of the photo's sides; the last row is padding."""
    boxes = np.zeros((objects + 1, 4), np.float32)
    for place, (edge, side) in enumerate(zip(BOX_SIDES, ("width", "height") * 2, strict=True)):
        boxes[:-1, place] = column(edge)
        boxes[:-1, place] /= column(side)
    return torch.from_numpy(boxes)


def _weights(scores: np.ndarray, machine_weight: float) -> np.ndarray:
    """Return `(K,)` weights; an object that people have labelled has no score (NaN)."""
    weights = scores.astype(np.float64) * machine_weight
    weights[np.isnan(weights)] = 1
    return weights


def _with_padding(values: np.ndarray, padding: float, dtype: type[np.generic]) -> Tensor:
    """Return `(K + 1,)`: the values and, as the last one, the padding."""
    padded = np.full(len(values) + 1, padding, dtype)
    padded[:-1] = values
    return torch.from_numpy(padded)
