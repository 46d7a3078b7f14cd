"""The photos of one split with their objects, in memory that goes with the number of objects."""

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
    """A table, or what reads a column of it when it is asked for."""

    def __getitem__(self, name: str, /) -> pa.ChunkedArray: ...


@dataclass(frozen=True)
class Photos:
    """The photos of one split, and their objects in the order of the photos.

    The objects are not padded here: one photo with hundreds of them would make all others as long.
    A row that stands for none ends each of the four tensors.

    Attributes:
        pixels: `(P, S, S, 3)` uint8, all photos of the store.
        rows: `(M,)` rows of `pixels` that belong to the split.
        most_objects: N, how many objects the fullest photo has, 1 at least.
        starts: `(M + 1,)` int64; photo m has the objects `starts[m]` to `starts[m + 1] - 1`.
        boxes: `(K + 1, 4)` float32 xyxy as shares of the photo's sides.
        labels: `(K + 1,)` int16.
        ignore: `(K + 1,)` bool: neither an object nor background.
        weights: `(K + 1,)` float32 in 0..1, how much an object counts in a loss: 1 where people
            have labelled, less where a model has.
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
        """Return the objects of some photos, padded to the most that any photo of the split has.

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
    """Return the photos of one split with the objects that `objects` has of them.

    Args:
        pixels: the store, in the order of `images`.
        images: the `images` table.
        objects: the `objects` or the `largest` table.
        split: `train`, `val` or `test`.
        empty_photos: keep photos without a row in `objects`, as background.
        machine_weight: 0..1; an object that a model has labelled counts with so many times its
            score.
    """
    # In blocks, in place and in small numbers: for millions of objects copies take the memory.
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
    del owner
    starts = np.concatenate([[0], np.cumsum(counts[rows])])

    def column(name: str) -> np.ndarray:
        return objects[name].to_numpy()[order]

    def ended(values: np.ndarray, end: float, dtype: type[np.generic]) -> Tensor:
        whole = np.full(len(order) + 1, end, dtype)
        whole[:-1] = values
        return torch.from_numpy(whole)

    boxes = np.zeros((len(order) + 1, 4), np.float32)
    for number, (corner, side) in enumerate(zip(BOX_SIDES, ("width", "height") * 2, strict=True)):
        boxes[:-1, number] = column(corner)
        boxes[:-1, number] /= column(side)
    weights = column("score").astype(np.float64) * machine_weight
    weights[np.isnan(weights)] = 1
    parts = (
        torch.from_numpy(starts),
        torch.from_numpy(boxes),
        ended(column("label"), -1, np.int16),
        ended(column("ignore"), False, np.bool_),
        ended(weights, 0, np.float32),
    )
    most_objects = max(1, int(counts[rows].max(initial=0)))
    return Photos(pixels, rows, most_objects, *parts)
