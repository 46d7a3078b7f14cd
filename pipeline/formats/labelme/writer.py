"""Writes labels as LabelMe's JSON."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import orjson

from pipeline.errors import counted
from pipeline.formats.labels import Labels
from pipeline.formats.names import LabelFileNames


def write_labelme(blocks: Iterable[Labels], out: Path) -> tuple[str, ...]:
    """Write a folder with a `NAME.json` for each photo; put the photos next to them.

    `ignore` becomes a flag `difficult`; a model's score is put next to the label, where LabelMe
    keeps it.

    Returns:
        A note of the splits, which LabelMe cannot express.

    Raises:
        InputError: a photo lies outside its folder, or two would share one JSON.
    """
    out.mkdir(exist_ok=True)
    names, splits = LabelFileNames(".json"), 0
    for labels in blocks:
        images = labels.images.to_pylist()
        for image, objects in zip(images, labels.of_each_image(), strict=True):
            path = out / names.of(image["file_name"])
            path.parent.mkdir(parents=True, exist_ok=True)
            page = _page(image, [_shape(labels, at) for at in objects.tolist()])
            path.write_bytes(orjson.dumps(page, option=orjson.OPT_INDENT_2))
            splits += image["split"] is not None
    if not splits:
        return ()
    left_out = counted(splits, "split of a photo is", "splits of photos are")
    return (f"{left_out} left out, as LabelMe has none",)


def _page(image: dict, shapes: list[dict]) -> dict:
    return {
        "version": "5.5.0",
        "flags": {},
        "shapes": shapes,
        "imagePath": PurePosixPath(image["file_name"]).name,
        "imageData": None,
        "imageHeight": image["height"],
        "imageWidth": image["width"],
    }


def _shape(labels: Labels, at: int) -> dict:
    x, y, width, height = labels.boxes[at].tolist()
    shape = {
        "label": labels.classes[labels.labels[at]],
        "points": [[x, y], [round(x + width, 4), round(y + height, 4)]],
        "group_id": None,
        "description": "",
        "shape_type": "rectangle",
        "flags": {"difficult": True} if labels.ignore[at] else {},
    }
    if (score := labels.score_of(at)) is not None:
        shape["score"] = score
    return shape
