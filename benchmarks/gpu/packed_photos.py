"""Photos and their labels, made small."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from pipeline.errors import InputError

SIDE, QUALITY = 256, 85
LABELS = "pascal.json"


def pack_photos(source: Path, folder: Path, count: int | None = None) -> None:
    """Write the first photos of a set with labels as Pascal JSON, all scaled alike.

    Args:
        source: has `images/` and one JSON file.
        folder: takes `images/` and the JSON.
        count: of photos; None takes all.

    Raises:
        InputError: there is no such set.
    """
    found = sorted(source.glob("*.json"))
    if len(found) != 1:
        raise InputError(
            f"{source}: {len(found)} files of labels; name a folder with one, --photos"
        )
    pascal = json.loads(found[0].read_text())
    images = pascal["images"][:count]
    (folder / "images").mkdir(parents=True)
    with ThreadPoolExecutor() as pool:
        sizes = list(pool.map(lambda image: _shrink(source, folder, image["file_name"]), images))
    scale = {
        image["id"]: (width / image["width"], height / image["height"])
        for image, (width, height) in zip(images, sizes, strict=True)
    }
    pascal["images"] = [
        image | {"width": width, "height": height}
        for image, (width, height) in zip(images, sizes, strict=True)
    ]
    pascal["annotations"] = [
        _scaled(item, *scale[item["image_id"]])
        for item in pascal["annotations"]
        if item["image_id"] in scale
    ]
    (folder / LABELS).write_text(json.dumps(pascal))


def _shrink(source: Path, folder: Path, name: str) -> tuple[int, int]:
    """Write one photo made small and return its width and height."""
    with Image.open(source / "images" / name) as photo:
        photo.thumbnail((SIDE, SIDE))
        photo.save(folder / "images" / name, "JPEG", quality=QUALITY, optimize=True)
        return photo.size


def _scaled(item: dict, across: float, down: float) -> dict:
    left, top, width, height = item["bbox"]
    box = [left * across, top * down, width * across, height * down]
    return {key: item[key] for key in ("id", "image_id", "category_id", "iscrowd", "ignore")} | {
        "bbox": [round(value, 2) for value in box],
        "area": round(box[2] * box[3], 2),
        "segmentation": [],
    }
