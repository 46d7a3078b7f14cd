"""Writes labels as LabelMe's JSON."""

from pathlib import Path, PurePosixPath

import orjson

from pipeline.errors import counted
from pipeline.formats.labels import Labels
from pipeline.formats.names import names_of_label_files


def write_labelme(labels: Labels, out: Path) -> tuple[str, ...]:
    """Write a folder with `NAME.json` of each photo; put the photos beside them.

    `ignore` is a flag `difficult`; a model's score stays beside the label, where LabelMe keeps it.

    Returns:
        A note of the splits, which LabelMe cannot express.

    Raises:
        InputError: a photo outside its folder, or two that would share one JSON.
    """
    images = labels.images.to_pylist()
    files = names_of_label_files(images, ".json")
    for file, image, objects in zip(files, images, labels.of_each_image(), strict=True):
        page = {
            "version": "5.5.0",
            "flags": {},
            "shapes": [_shape(labels, at) for at in objects.tolist()],
            "imagePath": PurePosixPath(image["file_name"]).name,
            "imageData": None,
            "imageHeight": image["height"],
            "imageWidth": image["width"],
        }
        path = out / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(page, option=orjson.OPT_INDENT_2))
    split = sum(image["split"] is not None for image in images)
    if not split:
        return ()
    splits = counted(split, "split of a photo is", "splits of photos are")
    return (f"{splits} left out, as LabelMe has none",)


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
