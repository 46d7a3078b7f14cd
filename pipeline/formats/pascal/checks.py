"""Checks parsed Pascal JSON (COCO style) item by item, to name exactly what is wrong."""

from collections.abc import Hashable, Iterable
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.names import fault_of_name, fault_of_photo
from pipeline.formats.numbers import checked_score
from pipeline.formats.pascal.roboflow import note_of_root, roboflow_root, without_root

NOTES = "notes of the reader"  # not a key of any format
_KEYS = {
    "images": ("id", "file_name"),
    "annotations": ("id", "image_id", "category_id", "bbox"),
    "categories": ("id", "name"),
}


def check_pascal(data: object, file: Path) -> dict:
    """Return Pascal JSON whose items are complete, unique and refer to each other.

    Boxes with zero area or negative sizes, or that leave the photo, are legal: they are dropped,
    reversed or clipped later, and counted. Unknown keys are kept.

    Args:
        data: the parsed JSON.
        file: its name, for messages.

    Returns:
        A new dict, in which `width` and `height` may still be absent. In each annotation a missing
        `iscrowd` is 0, and a missing `ignore` is `iscrowd` (a COCO crowd is not a single object).
        Roboflow's root category is left out, with a sentence under the key `NOTES`.

    Raises:
        InputError: one line that names the file, the item and the remedy.
    """
    if not isinstance(data, dict):
        raise InputError(f"{file}: top level: not an object; give a JSON object with {_listed()}")
    for key in _KEYS:
        _check_items(data, key, file)
    for key in ("images", "annotations", "categories"):
        _check_ids(data[key], key, file)
    data = _without_root(data)
    _check_names(data, file)
    _check_sizes(data["images"], file)
    _check_references(data, file)
    _check_boxes(data["annotations"], file)
    _check_scores(data["annotations"], file)
    return data | {"annotations": [_with_defaults(item, file) for item in data["annotations"]]}


def _without_root(data: dict) -> dict:
    """Return the data without Roboflow's root category, unless an annotation has it."""
    root = roboflow_root(data["categories"])
    if root is None or any(item["category_id"] == root["id"] for item in data["annotations"]):
        return data
    notes = [note_of_root(root)]
    return data | {"categories": without_root(data["categories"], root), NOTES: notes}


def _listed() -> str:
    return ", ".join(_KEYS)


def _check_items(data: dict, key: str, file: Path) -> None:
    items = data.get(key)
    if not isinstance(items, list):
        what = "not a list" if key in data else "missing"
        raise InputError(f"{file}: key '{key}': {what}; the object needs the lists {_listed()}")
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise InputError(f"{file}: {key}[{index}]: not an object; remove or correct it")
        for need in _KEYS[key]:
            if need not in item:
                raise InputError(f"{file}: {key}[{index}]: misses the key '{need}'; add it")
    if not items and key != "annotations":
        raise InputError(f"{file}: key '{key}': empty; give at least one")


def _check_ids(items: list[dict], key: str, file: Path) -> None:
    fields = [field for field in _KEYS[key] if field == "id" or field.endswith("_id")]
    for field in fields:
        for index, item in enumerate(items):
            if fault := _fault_of_id(item[field]):
                raise InputError(f"{file}: {key}[{index}]: {field} {item[field]!r} {fault}")
    twice = _first_duplicate([item["id"] for item in items])
    if twice is not None:
        raise InputError(
            f"{file}: {key}[{twice}]: id {items[twice]['id']} occurs twice; ids must be unique"
        )


def _fault_of_id(number: object) -> str | None:
    # The parser turns integers beyond 64 bits into floats.
    if isinstance(number, int | float) and abs(number) >= 2**63:
        return "is beyond 64 bits; give a smaller number"
    return None if type(number) is int else "is not an integer; number it"


def _first_duplicate(values: Iterable[Hashable]) -> int | None:
    """Return the index of the first value that occurred before, None if all differ."""
    seen = set()
    for index, value in enumerate(values):
        if value in seen:
            return index
        seen.add(value)
    return None


def _check_names(data: dict, file: Path) -> None:
    kinds = (("images", "file_name", fault_of_photo), ("categories", "name", fault_of_name))
    for key, field, fault_of in kinds:
        names = [item[field] for item in data[key]]
        first = int(key == "categories" and NOTES in data)  # the root came before them
        for index, name in enumerate(names, first):
            if fault := fault_of(name):
                raise InputError(f"{file}: {key}[{index}]: {field} {name!r} {fault}")
        shown = str.strip if key == "categories" else lambda name: str(PurePosixPath(name))
        names = [shown(name) for name in names]
        twice = _first_duplicate(names)
        if twice is not None:
            raise InputError(
                f"{file}: {key}[{twice + first}]: {field} {names[twice]!r} occurs twice; keep one"
            )


def _check_sizes(images: list[dict], file: Path) -> None:
    """Check that sizes are whole pixels; an image may lack them, as its photo has them."""
    for index, image in enumerate(images):
        for key in ("width", "height"):
            value = image.get(key)
            if value is not None and (type(value) is not int or not 0 < value < 2**31):
                raise InputError(
                    f"{file}: images[{index}]: {key} {_short(value)} is not a positive integer; "
                    "correct it, or leave it out"
                )


def _check_references(data: dict, file: Path) -> None:
    for field, key in (("image_id", "images"), ("category_id", "categories")):
        known = {item["id"] for item in data[key]}
        for index, item in enumerate(data["annotations"]):
            if item[field] not in known:
                raise InputError(
                    f"{file}: annotations[{index}]: {field} {item[field]} is not among the {key}; "
                    f"add it to '{key}' or remove the annotation"
                )


def _check_boxes(annotations: list[dict], file: Path) -> None:
    """Check that every bbox is four finite numbers."""
    for index, item in enumerate(annotations):
        box = item["bbox"]
        if type(box) is not list or [type(v) in (int, float) for v in box] != [True] * 4:
            raise InputError(
                f"{file}: annotations[{index}]: bbox {_short(box)} is not four numbers; "
                "give [x, y, width, height]"
            )
    boxes = np.array([item["bbox"] for item in annotations], np.float64).reshape(-1, 4)
    wrong = ~np.isfinite(boxes).all(1)
    if wrong.any():
        index = int(wrong.argmax())
        raise InputError(
            f"{file}: annotations[{index}] (id {annotations[index]['id']}): bbox "
            f"{_short(annotations[index]['bbox'])} has NaN or infinite numbers; correct or "
            "remove it"
        )


def _check_scores(annotations: list[dict], file: Path) -> None:
    for index, item in enumerate(annotations):
        checked_score(item.get("score"), f"{file}: annotations[{index}]")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _with_defaults(item: dict, file: Path) -> dict:
    crowd = item.get("iscrowd", 0)
    ignore = item.get("ignore", crowd)
    for key, flag in (("iscrowd", crowd), ("ignore", ignore)):
        if flag not in (0, 1):
            problem = f"{key} {_short(flag)} is neither 0 nor 1; correct it"
            raise InputError(f"{file}: annotation {item['id']}: {problem}")
    return item | {"iscrowd": int(crowd), "ignore": int(ignore)}
