"""Reads Pascal JSON (COCO style) into columns.

A million annotations are read in blocks, by Arrow, and checked as columns. Whatever is unusual or
wrong in a file sends it through the plain parser and `check_pascal`, which is slow and names it.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.json_files import is_labelme_json, json_beginning, read_json
from pipeline.formats.json_lists import UnusualError, read_lists
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.labels import IMAGES, Labels
from pipeline.formats.pascal_checks import check_pascal
from pipeline.formats.write_pascal import write_pascal

_ANNOTATIONS = pa.schema(
    [
        ("id", pa.int64()),
        ("image_id", pa.int64()),
        ("category_id", pa.int64()),
        ("bbox", pa.list_(pa.float64())),
        ("ignore", pa.int64()),
        ("iscrowd", pa.int64()),
        ("score", pa.float32()),
    ]
)
_NOTES = "notes.json"  # which Label Studio puts beside YOLO's texts
# A path inside the folder on any system, without empty, `.` or `..` parts.
_PLAIN_NAME = r"^[^/\\:\x00\s][^/\\:\x00]*(/[^/\\:\x00]+)*$"
_DOTS = r"(^|/)\.{1,2}(/|$)"


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    """Return the set of a folder with a JSON in it or in its `annotations`."""
    if named:
        files = [named]
    else:
        files = sorted(root.glob("*.json")) or sorted(root.glob("annotations/*.json"))
    files = [file for file in files if _may_be_pascal(file)]
    if len(files) > 1:
        names = ", ".join(file.name for file in files[:4])
        raise InputError(f"{root}: {len(files)} JSON files ({names}); set fetch.labels to one")
    return LabelledSet(PASCAL, root, files[0], (files[0],), root) if files else None


def _may_be_pascal(file: Path) -> bool:
    """Return whether a file is a JSON object and not one of LabelMe's."""
    if file.suffix.lower() != ".json" or file.name.startswith(".") or file.name == _NOTES:
        return False
    return not is_labelme_json(beginning := json_beginning(file)) and beginning[:1] != b"["


def _read(found: LabelledSet) -> Labels:
    return read_pascal(found.labels, found.photos)


def read_pascal(file: Path, photos: Path) -> Labels:
    """Return the labels of a Pascal JSON file.

    Args:
        file: the JSON.
        photos: the folder below which its photos lie.

    Raises:
        InputError: the file cannot be read, is no JSON, or breaks a rule of `check_pascal`.
    """
    try:
        return _read_in_blocks(file, photos)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); check the path") from None
    except UnusualError:
        return labels_of(check_pascal(read_json(file), file), file, photos)


def _read_in_blocks(file: Path, photos: Path) -> Labels:
    """Return the labels of a file in which all is as it should be.

    Raises:
        UnusualError: something is not.
    """
    rest, tables = read_lists(file, {"images": IMAGES, "annotations": _ANNOTATIONS})
    images, annotations = tables["images"].combine_chunks(), tables.pop("annotations")
    categories = _sound_categories(rest.get("categories"))
    _hold(_sound_images(images))
    _hold(_is_unique(annotations["id"]))
    flags = [annotations[name] for name in ("ignore", "iscrowd")]
    _hold(all(_all(pc.is_in(flag, pa.array([0, 1, None], pa.int64()))) for flag in flags))
    return Labels(
        file,
        photos,
        images,
        list(categories.values()),
        annotations["id"].to_numpy(),
        _positions(annotations["image_id"], images["id"]).astype(np.int32),
        _positions(annotations["category_id"], pa.array(list(categories))).astype(np.int16),
        _sound_boxes(annotations["bbox"]),
        np.logical_or(*(pc.fill_null(flag, 0).to_numpy() != 0 for flag in flags)),
        _scores(annotations["score"]),
    )


def _hold(sound: bool) -> None:
    if not sound:
        raise UnusualError("something is missing or wrong")


def _all(values: pa.ChunkedArray) -> bool:
    return bool(pc.all(values, skip_nulls=False, min_count=0).as_py())


def _is_unique(ids: pa.ChunkedArray) -> bool:
    """Return whether no id is null or occurs twice."""
    if ids.null_count:
        return False
    values = ids.to_numpy()
    if not (values[1:] > values[:-1]).all():  # mostly they ascend; a hash table takes a gigabyte
        values = np.sort(values)
    return bool((values[1:] != values[:-1]).all())


def _sound_categories(categories: object) -> dict[int, str]:
    """Return the name of each id, in label order; small enough to check item by item."""
    _hold(isinstance(categories, list) and len(categories) > 0)
    assert isinstance(categories, list)
    _hold(all(isinstance(item, dict) and {"id", "name"} <= item.keys() for item in categories))
    names = {item["id"]: item["name"] for item in categories}
    _hold(all(type(number) is int and abs(number) < 2**63 for number in names))
    _hold(all(isinstance(name, str) and name.strip() for name in names.values()))
    _hold(len(set(names.values())) == len(categories))
    return names


def _sound_images(images: pa.Table) -> bool:
    names = images["file_name"]
    sizes = (images[side] for side in ("width", "height"))
    return (
        len(images) > 0
        and _is_unique(images["id"])
        and names.null_count == 0
        and pc.count_distinct(names).as_py() == len(names)
        and _all(pc.match_substring_regex(names, _PLAIN_NAME))
        and not pc.any(pc.match_substring_regex(names, _DOTS)).as_py()
        and all(
            _all(pc.fill_null(pc.and_(pc.greater(side, 0), pc.less(side, 2**31)), True))
            for side in sizes
        )
    )


def _positions(wanted: pa.ChunkedArray, owners: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return where each wanted id stands in `owners`."""
    found = pc.index_in(wanted, value_set=owners)
    _hold(found.null_count == 0)
    return found.to_numpy()


def _sound_boxes(column: pa.ChunkedArray) -> np.ndarray:
    """Return `(O, 4)` float64 xywh."""
    sides = pc.list_flatten(column)
    four = _all(pc.equal(pc.list_value_length(column), 4))
    _hold(column.null_count == 0 and sides.null_count == 0 and four)
    boxes = sides.to_numpy().reshape(-1, 4)
    _hold(bool(np.isfinite(boxes).all() and (boxes[:, 2:] >= 0).all()))
    return boxes


def _scores(column: pa.ChunkedArray) -> np.ndarray | None:
    """Return the scores of a model, NaN where there is none; None if there are none at all."""
    if column.null_count == len(column):
        return None
    scores = column.to_numpy()
    _hold(not ((scores < 0) | (scores > 1)).any())
    return scores


def labels_of(pascal: dict, file: Path, photos: Path) -> Labels:
    """Return the labels of parsed Pascal JSON that `check_pascal` has passed."""
    images, annotations, categories = (
        pascal[key] for key in ("images", "annotations", "categories")
    )
    columns = {name: [image.get(name) for image in images] for name in IMAGES.names}
    columns["split"] = [None if name is None else str(name) for name in columns["split"]]
    rows = {image["id"]: row for row, image in enumerate(images)}
    labels = {category["id"]: label for label, category in enumerate(categories)}
    return Labels(
        file,
        photos,
        pa.table(columns, schema=IMAGES),
        [category["name"] for category in categories],
        np.array([item["id"] for item in annotations], np.int64),
        np.array([rows[item["image_id"]] for item in annotations], np.int32),
        np.array([labels[item["category_id"]] for item in annotations], np.int16),
        np.array([item["bbox"] for item in annotations], np.float64).reshape(-1, 4),
        np.array([bool(item["ignore"] or item["iscrowd"]) for item in annotations], bool),
        _scores(pa.chunked_array([[item.get("score") for item in annotations]], pa.float32())),
    )


PASCAL = LabelFormat(
    name="pascal",
    holds="a *.json with images, annotations and categories, in the folder or in annotations/",
    find=_find,
    read=_read,
    write=write_pascal,
)
