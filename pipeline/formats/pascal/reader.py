"""Reads Pascal JSON (COCO style) into columns.

Arrow reads a million annotations in blocks, which are checked as columns. A file with anything
unusual or wrong goes through the plain parser and `check_pascal`, which are slow but name the item.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.join import join_labels
from pipeline.formats.json_files import read_json
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.labels import IMAGES, Labels
from pipeline.formats.names import fault_of_name
from pipeline.formats.pascal.checks import NOTES, check_pascal
from pipeline.formats.pascal.files import may_be_pascal, pascal_files, splits_of_files
from pipeline.formats.pascal.json_lists import UnusualError, read_lists
from pipeline.formats.pascal.roboflow import note_of_root, roboflow_root, without_root
from pipeline.formats.pascal.writer import write_pascal
from pipeline.formats.photo_names import PhotoNames
from pipeline.formats.upright_boxes import (
    around_turned,
    degrees_of,
    note_reversed,
    note_turned,
    upright,
)

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
# A path inside the folder on any system, without empty, `.` or `..` parts.
_PLAIN_NAME = r"^[^/\\:\x00\s][^/\\:\x00]*(/[^/\\:\x00]+)*$"
_DOTS = r"(^|/)\.{1,2}(/|$)"


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    """Return the set of a folder with one JSON, or one for each split; see `pascal_files`."""
    if named is None:
        files = pascal_files(root)
    else:
        files = [named] if may_be_pascal(named, named=True) else []
    if not files:
        return None
    return LabelledSet(PASCAL, root, files[0] if len(files) == 1 else root, tuple(files), root)


def _read(found: LabelledSet) -> Labels:
    if len(found.files) == 1:
        return read_pascal(found.files[0], found.photos)
    splits = splits_of_files(found.files, found.root)
    photos = PhotoNames(found.photos)
    parts = [
        _of_split(read_pascal(file, found.photos), split, photos)
        for file, split in zip(found.files, splits, strict=True)
    ]
    _refuse_shared(parts)
    notes = tuple(
        f"{part.file.relative_to(found.root)}: {note}" for part in parts for note in part.notes
    )
    return replace(join_labels(parts, found.labels, found.photos), notes=notes)


def _refuse_shared(parts: Iterable[Labels]) -> None:
    owners: dict[str, Path] = {}
    for part in parts:
        for name in part.images["file_name"].to_pylist():
            if (other := owners.setdefault(name, part.file)) != part.file:
                raise InputError(
                    f"{part.file}: photo {name!r} is in {other} as well; keep it in one of them"
                )


def _of_split(labels: Labels, split: str | None, photos: PhotoNames) -> Labels:
    """Return the labels with the split in their images, and its folder in the paths of photos.

    A missing photo gets the folder, too, so that none of another split is taken for it. Splits
    given in the images themselves are kept.
    """
    named = labels.images["file_name"].to_pylist()
    columns = {
        "file_name": pa.array([photos.of_split(name, split) for name in named], pa.string()),
        "split": pc.fill_null(labels.images["split"], split),
    }
    images = labels.images
    for name, column in columns.items():
        images = images.set_column(images.schema.get_field_index(name), name, column)
    return replace(labels, images=images)


def read_pascal(file: Path, photos: Path) -> Labels:
    """Return the labels of a Pascal JSON file.

    Args:
        file: the JSON.
        photos: the folder below which its photos lie.

    Raises:
        InputError: the file cannot be read, is not JSON, or breaks a rule of `check_pascal`.
    """
    try:
        labels = _read_in_blocks(file, photos)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); check the path") from None
    except UnusualError:
        labels = labels_of(check_pascal(read_json(file), file), file, photos)
    boxes, count = upright(labels.boxes)
    notes = (*labels.notes, *note_reversed(count, len(boxes), file))
    return replace(labels, boxes=boxes, notes=notes)


def _read_in_blocks(file: Path, photos: Path) -> Labels:
    """Return the labels of a file without anything unusual.

    Raises:
        UnusualError: something is unusual or wrong.
    """
    rest, tables = read_lists(file, {"images": IMAGES, "annotations": _ANNOTATIONS})
    images, annotations = tables["images"].combine_chunks(), tables.pop("annotations")
    categories, notes = _sound_categories(rest.get("categories"), annotations["category_id"])
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
        notes,
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
    if not (values[1:] > values[:-1]).all():  # they mostly ascend; a hash table takes a gigabyte
        values = np.sort(values)
    return bool((values[1:] != values[:-1]).all())


def _sound_categories(
    categories: object, used: pa.ChunkedArray
) -> tuple[dict[int, str], tuple[str, ...]]:
    """Return the name of each id, in label order, and notes; few enough to check one by one."""
    _hold(isinstance(categories, list) and len(categories) > 0)
    assert isinstance(categories, list)
    _hold(all(isinstance(item, dict) and {"id", "name"} <= item.keys() for item in categories))
    notes: tuple[str, ...] = ()
    root = roboflow_root(categories)
    if root is not None and not pc.any(pc.equal(used, root["id"])).as_py():
        categories, notes = without_root(categories, root), (note_of_root(root),)
    _hold(all(fault_of_name(item["name"]) is None for item in categories))
    names = {item["id"]: item["name"].strip() for item in categories}
    _hold(all(type(number) is int and abs(number) < 2**63 for number in names))
    _hold(len(set(names.values())) == len(categories))
    return names, notes


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
    """Return the position of each wanted id in `owners`."""
    found = pc.index_in(wanted, value_set=owners)
    _hold(found.null_count == 0)
    return found.to_numpy()


def _sound_boxes(column: pa.ChunkedArray) -> np.ndarray:
    """Return `(O, 4)` float64 xywh."""
    sides = pc.list_flatten(column)
    four = _all(pc.equal(pc.list_value_length(column), 4))
    _hold(column.null_count == 0 and sides.null_count == 0 and four)
    boxes = sides.to_numpy().reshape(-1, 4)
    _hold(bool(np.isfinite(boxes).all()))
    return boxes


def _scores(column: pa.ChunkedArray) -> np.ndarray | None:
    """Return the scores, NaN where there is none; None if there are none at all."""
    if column.null_count == len(column):
        return None
    scores = column.to_numpy()
    _hold(not ((scores < 0) | (scores > 1)).any())
    return scores


def labels_of(pascal: dict, file: Path, photos: Path) -> Labels:
    """Return the labels of parsed Pascal JSON that `check_pascal` has passed.

    A box rotated in CVAT becomes the upright box around it, which is noted. CVAT's attributes are
    nested objects, so all files with such boxes come here.
    """
    images, annotations, categories = (
        pascal[key] for key in ("images", "annotations", "categories")
    )
    columns = {name: [image.get(name) for image in images] for name in IMAGES.names}
    columns["split"] = [None if name is None else str(name) for name in columns["split"]]
    rows = {image["id"]: row for row, image in enumerate(images)}
    labels = {category["id"]: label for label, category in enumerate(categories)}
    boxes = np.array([item["bbox"] for item in annotations], np.float64).reshape(-1, 4)
    boxes, turned = around_turned(boxes, np.array([_degrees(item) for item in annotations]))
    return Labels(
        file,
        photos,
        pa.table(columns, schema=IMAGES),
        [category["name"].strip() for category in categories],
        np.array([item["id"] for item in annotations], np.int64),
        np.array([rows[item["image_id"]] for item in annotations], np.int32),
        np.array([labels[item["category_id"]] for item in annotations], np.int16),
        boxes,
        np.array([bool(item["ignore"] or item["iscrowd"]) for item in annotations], bool),
        _scores(pa.chunked_array([[item.get("score") for item in annotations]], pa.float32())),
        (*pascal.get(NOTES, ()), *note_turned(turned)),
    )


def _degrees(annotation: dict) -> float:
    """Return the rotation of an annotation's box; only CVAT writes it, and without an outline."""
    attributes = annotation.get("attributes")
    if not isinstance(attributes, dict) or annotation.get("segmentation"):
        return 0.0
    return degrees_of(attributes.get("rotation"))


PASCAL = LabelFormat(
    name="pascal",
    holds="a *.json with images, annotations and categories, in the folder, in annotations/ "
    "or labels/, or one for each split",
    find=_find,
    read=_read,
    write=write_pascal,
)
