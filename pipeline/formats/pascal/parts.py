"""Builds the parts of a Pascal JSON (COCO style)."""

from collections.abc import Sequence


def new_annotation(
    number: int, image_id: int, category_id: int, box: list[float], ignore: int
) -> dict:
    """Return one item of `annotations`; `box` is 0-based xywh in pixels."""
    return {
        "id": number,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": box,
        "area": box[2] * box[3],
        "iscrowd": 0,
        "ignore": ignore,
    }


def new_pascal(
    images: list[dict], annotations: list[dict], classes: Sequence[str], supercategory: str
) -> dict:
    """Return a Pascal JSON of these parts; `classes` get the ids 1..C."""
    categories = [
        {"id": number, "name": name, "supercategory": supercategory}
        for number, name in enumerate(classes, 1)
    ]
    return {
        "images": images,
        "annotations": annotations,
        "categories": categories,
        "type": "instances",
    }
