"""Writes labels as Pascal JSON (COCO style)."""

from pathlib import Path

import orjson

from pipeline.formats.labels import Labels
from pipeline.formats.pascal.parts import new_annotation, new_pascal


def write_pascal(labels: Labels, out: Path) -> tuple[str, ...]:
    """Write one JSON file; an annotation has a `score` besides where a model has labelled."""
    images = [
        {name: value for name, value in image.items() if value is not None}
        for image in labels.images.to_pylist()
    ]
    ids = [image["id"] for image in images]
    annotations = [
        new_annotation(int(number), ids[row], int(label) + 1, box, int(ignore))
        for number, row, label, box, ignore in zip(
            labels.ids,
            labels.rows,
            labels.labels,
            labels.boxes.tolist(),
            labels.ignore,
            strict=True,
        )
    ]
    for at, annotation in enumerate(annotations):
        annotation["area"] = round(annotation["area"], 2)
        if (score := labels.score_of(at)) is not None:
            annotation["score"] = score
    pascal = new_pascal(images, annotations, labels.classes, "object")
    out.write_bytes(orjson.dumps(pascal))
    return ()
