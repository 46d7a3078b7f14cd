"""Writes labels as tasks that Label Studio imports."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from pipeline.formats.json_files import write_list
from pipeline.formats.labels import Labels

IGNORE = "ignore"  # in a region's meta text, which Label Studio shows and keeps
_MODEL = "detection-ladder"


def write_label_studio(blocks: Iterable[Labels], out: Path) -> tuple[str, ...]:
    """Write one JSON of tasks (https://labelstud.io/guide/predictions).

    They are for a project with `<Image name="image" value="$image"/>` and `<RectangleLabels
    name="label" toName="image">`, which lists the classes. Photos are local files below the
    document root that Label Studio is started with. Labels of a model become predictions, others
    annotations.
    """
    with out.open("wb") as file:
        write_list(file, (task for labels in blocks for task in _tasks(labels)))
    return ()


def _tasks(labels: Labels) -> Iterator[dict]:
    for image, objects in zip(labels.images.to_pylist(), labels.of_each_image(), strict=True):
        data = {"image": f"/data/local-files/?d={quote(image['file_name'])}"}
        if image["split"]:
            data["split"] = image["split"]
        regions = [_region(labels, image, at) for at in objects.tolist()]
        yield {"data": data} | _version(regions, labels.scores is not None)


def _version(regions: list[dict], predicted: bool) -> dict:
    if not predicted:
        return {"annotations": [{"result": regions}]}
    scores = [region["score"] for region in regions if "score" in region]
    # Label Studio sorts tasks by it, and the least certain object most needs a look.
    score = min(scores, default=1.0)
    return {"predictions": [{"model_version": _MODEL, "score": score, "result": regions}]}


def _region(labels: Labels, image: dict, at: int) -> dict:
    x, y, width, height = labels.boxes[at].tolist()
    across, down = image["width"], image["height"]
    region = {
        "id": f"object-{labels.ids[at]}",
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": across,
        "original_height": down,
        "image_rotation": 0,
        "value": {
            "x": 100 * x / across,
            "y": 100 * y / down,
            "width": 100 * width / across,
            "height": 100 * height / down,
            "rotation": 0,
            "rectanglelabels": [labels.classes[labels.labels[at]]],
        },
    }
    if labels.ignore[at]:
        region["meta"] = {"text": [IGNORE]}
    if (score := labels.score_of(at)) is not None:
        region["score"] = score
    return region
