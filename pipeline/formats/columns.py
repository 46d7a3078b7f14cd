"""Step 2 of the journey, reading: the Pascal JSON in normal form becomes columns."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.json_lists import UnusualError, read_lists

SOURCE = "annotations.json"
BOX_REMEDY = "give 0-based [x, y, width, height] in pixels or remove the annotation"
_IMAGES = pa.schema(
    [
        ("id", pa.int64()),
        ("file_name", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("split", pa.string()),
    ]
)
_ANNOTATIONS = pa.schema(
    [
        ("id", pa.int64()),
        ("image_id", pa.int64()),
        ("category_id", pa.int64()),
        ("bbox", pa.list_(pa.float64())),
        ("ignore", pa.int64()),
        ("iscrowd", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Columns:
    """A Pascal JSON by columns.

    Attributes:
        images: `id`, `file_name`, `width`, `height`, `split`.
        ids, image_ids, category_ids: `(O,)` int64, of the annotations.
        boxes: `(O, 4)` float64 xywh.
        ignore: `(O,)` bool: marked so, or a crowd.
        categories: `id` and `name` of each class, in label order.
    """

    images: pa.Table
    ids: np.ndarray
    image_ids: np.ndarray
    category_ids: np.ndarray
    boxes: np.ndarray
    ignore: np.ndarray
    categories: list[dict]


def load_fetched(path: Path) -> Columns:
    """Return the columns of the file that the fetch stage has checked and written.

    Raises:
        InputError: the file is absent or is not JSON, or a box is not four numbers.
    """
    try:
        return _read_in_blocks(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the fetch stage first") from None
    except UnusualError:
        pass  # the plain parser takes any JSON, and names what is wrong
    try:
        return columns_of(orjson.loads(path.read_bytes()))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{path}: not JSON ({error}); run the fetch stage again") from None


def _read_in_blocks(path: Path) -> Columns:
    rest, tables = read_lists(path, {"images": _IMAGES, "annotations": _ANNOTATIONS})
    annotations = tables["annotations"]
    needed = [annotations[name] for name in ("id", "image_id", "category_id", "bbox")]
    sides = pc.list_flatten(annotations["bbox"])
    odd = pc.any(pc.not_equal(pc.list_value_length(annotations["bbox"]), 4)).as_py()
    absent = sides.null_count or any(column.null_count for column in needed)
    if absent or odd or "categories" not in rest:
        raise UnusualError("something is missing")
    return Columns(
        tables["images"],
        *(column.to_numpy() for column in needed[:3]),
        sides.to_numpy().reshape(-1, 4),
        _is_set(annotations["ignore"]) | _is_set(annotations["iscrowd"]),
        rest["categories"],
    )


def _is_set(flags: pa.ChunkedArray) -> np.ndarray:
    return pc.fill_null(flags, 0).to_numpy() != 0


def columns_of(pascal: dict) -> Columns:
    """Return the columns of a parsed Pascal JSON in normal form.

    Raises:
        InputError: a box is not four numbers.
    """
    images, annotations = pascal["images"], pascal["annotations"]
    columns = {name: [image.get(name) for image in images] for name in _IMAGES.names}
    return Columns(
        pa.table(columns, schema=_IMAGES),
        *(
            np.array([a[name] for a in annotations], np.int64)
            for name in ("id", "image_id", "category_id")
        ),
        _read_boxes(annotations, images),
        # A COCO crowd is a region and not an object, so it is neither learnt nor scored.
        np.array([bool(a.get("ignore") or a.get("iscrowd")) for a in annotations], bool),
        pascal["categories"],
    )


def _read_boxes(annotations: list[dict], images: list[dict]) -> np.ndarray:
    """Return `(O, 4)` xywh float64."""
    try:
        boxes = np.array([a["bbox"] for a in annotations] or np.empty((0, 4)), np.float64)
        if boxes.shape == (len(annotations), 4):
            return boxes
    except (ValueError, TypeError):
        pass
    bad = next(a for a in annotations if not _is_box(a["bbox"]))
    file = next((i["file_name"] for i in images if i["id"] == bad["image_id"]), "no photo")
    problem = f"bbox {bad['bbox']} is not four numbers; {BOX_REMEDY}"
    raise InputError(f"{SOURCE}: {file}: annotation {bad['id']}: {problem}")


def _is_box(bbox: object) -> bool:
    try:
        return np.array(bbox, np.float64).shape == (4,)
    except (ValueError, TypeError):
        return False
