"""Reads Label Studio's export: JSON or JSON-MIN."""

import re
from collections import Counter
from pathlib import Path

from pipeline.errors import InputError, counted
from pipeline.formats.json_files import json_beginning
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.label_studio.photos import photo_of_address
from pipeline.formats.label_studio.regions import (
    ids_with_class,
    is_upright,
    region_box,
    region_class,
    region_size,
)
from pipeline.formats.label_studio.tasks import Task, read_tasks
from pipeline.formats.label_studio.writer import IGNORE, write_label_studio
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.names import fault_of_photo
from pipeline.formats.numbers import checked_score
from pipeline.formats.pascal.files import JSON_FOLDERS
from pipeline.formats.photo_names import PhotoNames
from pipeline.formats.split_names import plain_split
from pipeline.formats.voc.files import label_folders

# Other lists have annotations, too, such as CreateML's; only a task has data or results besides.
_LISTS, _OF_TASKS = {b"annotations", b"predictions"}, {b"data", b"result"}
_OF_JSON_MIN = {b"original_width", b"annotation_id"}
_KEY = re.compile(rb'"(\w+)"\s*:')
_AROUND, _FLAT, _UNNAMED = "around", "flat", "unnamed"


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    """Return the set of a folder with an export in it or in a folder of labels."""
    places = (root, *label_folders(root, *JSON_FOLDERS))
    there = (file for place in places for file in sorted(place.glob("*.json")))
    files = [file for file in ([named] if named else there) if _is_one(file)]
    if len(files) > 1:
        names = ", ".join(file.name for file in files[:4])
        raise InputError(f"{root}: {len(files)} exports ({names}); set fetch.labels to one")
    return LabelledSet(LABEL_STUDIO, root, files[0], (files[0],), root) if files else None


def _is_one(file: Path) -> bool:
    """Return whether a file starts like a list of tasks."""
    if file.suffix.lower() != ".json" or file.name.startswith("."):
        return False
    beginning = json_beginning(file)
    keys = set(_KEY.findall(beginning))
    is_task = bool((keys & _LISTS and keys & _OF_TASKS) or keys & _OF_JSON_MIN)
    return beginning.startswith(b"[") and is_task


def _read(found: LabelledSet) -> Labels:
    return read_label_studio(found.labels, found.photos)


def read_label_studio(file: Path, photos: Path) -> Labels:
    """Return the labels of an export of Label Studio (https://labelstud.io/guide/export).

    Regions are in percent of the photo as viewers show it; `image_rotation` is its rotation on the
    screen and does not affect the numbers. Polygons, ellipses and rotated rectangles become the
    boxes around them. The word `ignore` in a region's meta text becomes `ignore`. Sizes are null
    for photos without regions.

    Args:
        file: the JSON.
        photos: the folder below which its photos lie.

    Raises:
        InputError: a task or region is incomplete or wrong, or two tasks have the same photo.
    """
    tasks, notes = read_tasks(file)
    known = PhotoNames(photos)
    by_name: dict[str, Task] = {}
    for task in tasks:
        name = photo_of_address(task.address, known)
        if fault := fault_of_photo(name):
            raise InputError(f"{task.place}: photo {task.address[:80]!r} {fault}")
        if name in by_name:
            other = by_name[name].place.rsplit(": ", 1)[1]
            raise InputError(f"{task.place}: photo {name!r} is that of {other} too; keep one")
        by_name[name] = task
    images: list[dict] = []
    boxes: list[LabelledBox] = []
    counts: Counter[str] = Counter()
    for row, name in enumerate(sorted(by_name)):
        task = by_name[name]
        split = task.split and plain_split(task.split)
        sizes = []
        told = ids_with_class(task.regions)
        for region in task.regions:
            if box := _box(region, row, task.place, told, counts):
                boxes.append(box)
                sizes.append(region_size(region, task.place))
        width, height = sizes[0] if sizes else (None, None)
        images.append({"file_name": name, "width": width, "height": height, "split": split})
    notes = (*notes, *_notes(counts), *known.notes())
    return labels_of_boxes(file, photos, images, boxes, notes=notes)


def _box(
    region: dict, row: int, task: str, told: set[str], counts: Counter[str]
) -> LabelledBox | None:
    """Return the box of a region; None, with the reason counted, if it has no area or class.

    A result without a class is not counted if its region's id is in `told`, as another result of
    the region has the class or was counted already; else the id is added.
    """
    place = f"{task}: region {region.get('id', '')}".rstrip()
    value = region.get("value")
    if not isinstance(value, dict) or region.get("type") in ("choices", "textarea", "rating"):
        return None  # it is about the photo or another region
    if region.get("item_index"):
        raise InputError(
            f"{place}: is on another photo of its task; export tasks of one photo each"
        )
    name = region_class(value, place)
    box = region_box(value, region_size(region, place), place) if _has_shape(value) else None
    number = region.get("id")
    if name is None and isinstance(number, str):
        if number in told:
            return None
        told.add(number)
    if box is None or name is None:
        counts[_FLAT if box is None else _UNNAMED] += 1
        return None
    counts[_AROUND] += not is_upright(value)
    meta = region.get("meta")
    words = meta.get("text") if isinstance(meta, dict) else None
    ignore = isinstance(words, list) and IGNORE in words
    return LabelledBox(row, name, box, ignore, checked_score(region.get("score"), place))


def _has_shape(value: dict) -> bool:
    return "points" in value or {"x", "y"} <= value.keys()


def _notes(counts: Counter[str]) -> list[str]:
    told = {
        _AROUND: (
            "polygon, ellipse or turned rectangle counts as the box around it",
            "polygons, ellipses or turned rectangles count as the boxes around them",
        ),
        _FLAT: ("region has no area and is left out", "regions have no area and are left out"),
        _UNNAMED: (
            "region has no class and is left out",
            "regions have no class and are left out",
        ),
    }
    return [counted(counts[what], *words) for what, words in told.items() if counts[what]]


LABEL_STUDIO = LabelFormat(
    name="label-studio",
    holds="Label Studio's export as JSON",
    find=_find,
    read=_read,
    write=write_label_studio,
)
