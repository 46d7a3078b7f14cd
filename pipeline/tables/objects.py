"""Step 2 of the journey, first half: annotations become checked objects, cut to their photos."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.boxes import xywh_to_xyxy
from pipeline.errors import InputError
from pipeline.formats.columns import BOX_REMEDY, SOURCE, Columns


@dataclass(frozen=True)
class Objects:
    """The annotations as columns, `(O,)` each, boxes `(O, 4)`; `rows` are rows of `images`."""

    ids: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    ignore: np.ndarray

    def take(self, chosen: np.ndarray) -> "Objects":
        """Return the objects of the indices `(K,)`."""
        columns = (self.ids, self.rows, self.labels, self.boxes, self.ignore)
        return Objects(*(np.take(column, chosen, axis=0) for column in columns))


def read_objects(columns: Columns) -> Objects:
    """Return the annotations in the order of their photos, then of the list.

    Args:
        columns: of a Pascal JSON in normal form.

    Returns:
        The objects with boxes as `[x, y, width, height]`, float64, in pixels of the photo.

    Raises:
        InputError: A box is not finite or has a negative size, or an id is unknown.
    """
    categories = pa.array([category["id"] for category in columns.categories], pa.int64())
    found = Objects(
        ids=columns.ids,
        rows=_positions(columns.images["id"], columns.image_ids, "image"),
        labels=_positions(categories, columns.category_ids, "category"),
        boxes=columns.boxes,
        ignore=columns.ignore,
    )
    _check_boxes(found, columns.images["file_name"])
    return found.take(np.argsort(found.rows, kind="stable"))


def _positions(owners: pa.Array | pa.ChunkedArray, wanted: np.ndarray, what: str) -> np.ndarray:
    """Return where the owner of each wanted id stands in `owners`."""
    found = pc.index_in(pa.array(wanted, pa.int64()), value_set=owners)
    if found.null_count:
        unknown = wanted[found.is_null().to_numpy(zero_copy_only=False).argmax()]
        problem = f"{what} {unknown} has annotations and is not in the list"
        raise InputError(f"{SOURCE}: {problem}; add it or remove them")
    return found.to_numpy()


def _check_boxes(found: Objects, files: pa.ChunkedArray) -> None:
    finite = np.isfinite(found.boxes).all(1)
    wrong = ~finite | (found.boxes[:, 2:] < 0).any(1)
    if not wrong.any():
        return
    bad = int(wrong.argmax())
    problem = "has a negative size" if finite[bad] else "is not finite"
    box = ", ".join(f"{value:g}" for value in found.boxes[bad])
    where = f"{files[int(found.rows[bad])]}: annotation {found.ids[bad]}"
    raise InputError(f"{SOURCE}: {where}: bbox [{box}] {problem}; {BOX_REMEDY}")


def clip_objects(found: Objects, images: pa.Table) -> tuple[Objects, int, list[dict]]:
    """Return the objects that have area inside their photos, with boxes as xyxy edges.

    Args:
        found: Objects with xywh boxes.
        images: The table `images`, for the sizes and the names of the photos.

    Returns:
        The objects kept, boxes float32 xyxy within the photo; how many of them the clip changed;
        and for each object dropped its file, `object_id` and reason.
    """
    sides = np.stack([images["width"], images["height"]], -1)
    sizes = np.take(sides.astype(np.float32), found.rows, axis=0)  # (O, 2), the type of the boxes
    with np.errstate(over="ignore"):  # an edge beyond float32 becomes inf and is clipped
        boxes = xywh_to_xyxy(found.boxes)
    clipped = np.clip(boxes, 0, np.tile(sizes, 2))
    keep = (clipped[:, 2:] > clipped[:, :2]).all(1)
    moved = (clipped != boxes).any(1) & keep
    outside = (boxes[:, :2] >= sizes).any(1) | (boxes[:, 2:] <= 0).any(1)
    flat = (found.boxes[:, 2:] == 0).any(1)
    names = images["file_name"]
    dropped = [
        {
            "file": names[int(found.rows[index])].as_py(),
            "object_id": int(found.ids[index]),
            "reason": "outside the photo" if outside[index] and not flat[index] else "no area",
        }
        for index in np.flatnonzero(~keep)
    ]
    columns = Objects(found.ids, found.rows, found.labels, clipped, found.ignore)
    return columns.take(np.flatnonzero(keep)), int(moved.sum()), dropped
