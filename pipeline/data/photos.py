"""The photos of one split with their objects, in memory that goes with the number of objects."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from pipeline.data.pixel_store import Pixels
from pipeline.schemas import BOX_SIDES


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
    images: pa.Table,
    objects: pa.Table,
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
    ids = images["image_id"].to_numpy()
    by_id = np.argsort(ids)
    owner = by_id[np.searchsorted(ids, objects["image_id"].to_numpy(), sorter=by_id)]
    keep = pc.equal(images["split"].cast(pa.string()), split).to_numpy()
    counts = np.bincount(owner, minlength=len(ids))
    rows = np.flatnonzero(keep if empty_photos else keep & (counts > 0))
    order = np.argsort(owner, kind="stable")
    order = order[keep[owner[order]]]
    starts = np.concatenate([[0], np.cumsum(counts[rows])])

    def column(name: str) -> np.ndarray:
        return objects[name].to_numpy()[order]

    # Column by column: for millions of objects whole copies are what takes the memory.
    boxes = np.zeros((len(order) + 1, 4), np.float32)
    for number, (corner, side) in enumerate(zip(BOX_SIDES, ("width", "height") * 2, strict=True)):
        boxes[:-1, number] = column(corner) / column(side)
    weights = pc.fill_null(pc.multiply(objects["score"], machine_weight), 1).to_numpy()[order]
    parts = (
        starts,
        boxes,
        np.append(column("label"), -1).astype(np.int16),
        np.append(column("ignore"), False),
        np.append(weights, 0).astype(np.float32),
    )
    most_objects = max(1, int(counts[rows].max(initial=0)))
    return Photos(pixels, rows, most_objects, *map(torch.from_numpy, parts))
