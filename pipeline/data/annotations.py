"""Step 2 of the journey, first half: the annotations of the Pascal JSON become checked columns."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa

from pipeline.boxes import xywh_to_xyxy
from pipeline.errors import InputError

SOURCE = "annotations.json"


@dataclass(frozen=True)
class Objects:
    """The annotations as columns, `(O,)` each, boxes `(O, 4)`; `rows` are rows of `images`."""

    ids: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    ignore: np.ndarray

    def take(self, chosen: np.ndarray) -> "Objects":
        """Return the objects of a bool mask `(O,)` or of indices `(K,)`."""
        columns = (self.ids, self.rows, self.labels, self.boxes, self.ignore)
        return Objects(*(column[chosen] for column in columns))


def load_fetched(path: Path) -> dict:
    """Return the Pascal JSON that the fetch stage has checked and written, not checked again.

    Raises:
        InputError: The file is absent or is not JSON.
    """
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the fetch stage first") from None
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON ({error}); run the fetch stage again") from None


def read_objects(pascal: dict) -> Objects:
    """Return the annotations as columns, in the order of their photos, then of the list.

    Args:
        pascal: A Pascal JSON in normal form.

    Returns:
        The objects with boxes as `[x, y, width, height]`, float64, in pixels of the photo.

    Raises:
        InputError: A box is not four finite numbers or has a negative size, or an id is unknown.
    """
    images, annotations, categories = (
        pascal[key] for key in ("images", "annotations", "categories")
    )
    files = {image["id"]: image["file_name"] for image in images}
    found = Objects(
        ids=np.array([a["id"] for a in annotations], np.int64),
        rows=_positions(images, [a["image_id"] for a in annotations], "image"),
        labels=_positions(categories, [a["category_id"] for a in annotations], "category"),
        boxes=_read_boxes(annotations, files),
        # A COCO crowd is a region and not an object, so it is neither learnt nor scored.
        ignore=np.array([bool(a.get("ignore") or a.get("iscrowd")) for a in annotations], bool),
    )
    return found.take(np.argsort(found.rows, kind="stable"))


def _positions(owners: list[dict], wanted: list[int], what: str) -> np.ndarray:
    """Return where the owner of each wanted id stands in `owners`."""
    position = {owner["id"]: index for index, owner in enumerate(owners)}
    try:
        return np.fromiter(map(position.__getitem__, wanted), np.int64, len(wanted))
    except KeyError as error:
        unknown = f"{what} {error.args[0]} has annotations and is not in the list"
        raise InputError(f"{SOURCE}: {unknown}; add it or remove them") from None


def _read_boxes(annotations: list[dict], files: dict[int, str]) -> np.ndarray:
    """Return `(O, 4)` xywh float64, finite and with no negative size."""
    remedy = "give 0-based [x, y, width, height] in pixels or remove the annotation"
    try:
        boxes = np.array([a["bbox"] for a in annotations] or np.empty((0, 4)), np.float64)
        if boxes.shape != (len(annotations), 4):
            raise ValueError
    except (ValueError, TypeError):
        bad = next(index for index, a in enumerate(annotations) if not _is_box(a["bbox"]))
        problem = "is not four numbers"
    else:
        finite = np.isfinite(boxes).all(1)
        wrong = ~finite | (boxes[:, 2:] < 0).any(1)
        if not wrong.any():
            return boxes
        bad = int(wrong.argmax())
        problem = "has a negative size" if finite[bad] else "is not finite"
    where = f"{files[annotations[bad]['image_id']]}: annotation {annotations[bad]['id']}"
    raise InputError(f"{SOURCE}: {where}: bbox {annotations[bad]['bbox']} {problem}; {remedy}")


def _is_box(bbox: object) -> bool:
    try:
        return np.array(bbox, np.float64).shape == (4,)
    except (ValueError, TypeError):
        return False


def clip_objects(found: Objects, images: pa.Table) -> tuple[Objects, int, list[dict]]:
    """Return the objects that have area inside their photos, with boxes as xyxy edges.

    Args:
        found: Objects with xywh boxes.
        images: The table `images`, for the sizes and the names of the photos.

    Returns:
        The objects kept, boxes float32 xyxy within the photo; how many of them the clip changed;
        and for each object dropped its file, `object_id` and reason.
    """
    sizes = np.stack([images["width"], images["height"]], -1)[found.rows]  # (O, 2)
    with np.errstate(over="ignore"):  # an edge beyond float32 becomes inf and is clipped
        boxes = xywh_to_xyxy(found.boxes)
    clipped = np.clip(boxes, 0, np.tile(sizes, 2)).astype(np.float32)
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
    return columns.take(keep), int(moved.sum()), dropped
