"""Clips boxes to their photos and drops those of which nothing remains."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pyarrow as pa

from pipeline.boxes import xywh_to_xyxy
from pipeline.formats.labels import Labels


@dataclass(frozen=True)
class Objects:
    """Objects in the order of their photos.

    Attributes:
        ids, rows, labels, ignore: `(O,)` as in `Labels`.
        boxes: `(O, 4)` float32 xyxy inside the photo.
        scores: `(O,)` float32; NaN for labels of people.
    """

    ids: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    ignore: np.ndarray
    scores: np.ndarray


class DroppedBox(TypedDict):
    """A labelled box with no area inside its photo."""

    file: str
    object_id: int
    reason: str


def clip_objects(labels: Labels) -> tuple[Objects, int, list[DroppedBox]]:
    """Return the objects that have area inside their photos.

    Args:
        labels: with all sizes of images.

    Returns:
        The kept objects, in the order of their photos, then of the labels; how many of them were
        clipped; and for each dropped object its file, `object_id` and reason.
    """
    sides = np.stack([labels.images["width"], labels.images["height"]], -1).astype(np.float32)
    sizes = np.tile(sides, 2)[labels.rows]  # (O, 4), the type of the boxes
    with np.errstate(over="ignore"):  # an edge beyond float32 becomes inf and is clipped
        boxes = xywh_to_xyxy(labels.boxes)
    clipped = np.clip(boxes, 0, sizes)
    keep = (clipped[:, 2:] > clipped[:, :2]).all(1)
    moved = int(((clipped != boxes).any(1) & keep).sum())
    lost = np.flatnonzero(~keep)
    outside = (boxes[lost, :2] >= sizes[lost, :2]).any(1) | (boxes[lost, 2:] <= 0).any(1)
    flat = (labels.boxes[lost, 2:] == 0).any(1)
    dropped = _dropped(labels, lost, outside & ~flat)
    del boxes, sizes
    order = np.flatnonzero(keep)
    order = order[np.argsort(labels.rows[order], kind="stable")]
    scores = labels.scores
    if scores is None:
        scores = np.full(len(labels.rows), np.nan, np.float32)
    columns = (labels.ids, labels.rows, labels.labels, clipped, labels.ignore, scores)
    return Objects(*(column[order] for column in columns)), moved, dropped


def _dropped(labels: Labels, lost: np.ndarray, outside: np.ndarray) -> list[DroppedBox]:
    names = labels.images["file_name"].take(pa.array(labels.rows[lost])).to_pylist()
    return [
        {
            "file": name,
            "object_id": int(object_id),
            "reason": "outside the photo" if beyond else "no area",
        }
        for name, object_id, beyond in zip(names, labels.ids[lost], outside, strict=True)
    ]
