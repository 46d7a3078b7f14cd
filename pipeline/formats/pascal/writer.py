"""Writes labels as Pascal JSON (COCO style)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from pipeline.formats.json_files import write_list
from pipeline.formats.labels import Labels
from pipeline.formats.pascal.parts import new_annotation, new_pascal


def write_pascal(blocks: Iterable[Labels], out: Path) -> tuple[str, ...]:
    """Write one JSON file; annotations of a model also have a `score`."""
    with out.open("wb") as file:
        file.write(b'{"images":')
        write_list(file, (image for labels in blocks for image in _images(labels)))
        file.write(b',"annotations":')
        write_list(file, (one for labels in blocks for one in _annotations(labels)))
        rest = new_pascal([], [], next(iter(blocks)).classes, "object")
        file.write(b"," + orjson.dumps({key: rest[key] for key in ("categories", "type")})[1:])
    return ()


def _images(labels: Labels) -> Iterator[dict]:
    for image in labels.images.to_pylist():
        yield {name: value for name, value in image.items() if value is not None}


def _annotations(labels: Labels) -> Iterator[dict]:
    images = labels.images["id"].to_numpy()
    for at, row in enumerate(labels.rows.tolist()):
        annotation = new_annotation(
            int(labels.ids[at]),
            int(images[row]),
            int(labels.labels[at]) + 1,
            labels.boxes[at].tolist(),
            int(labels.ignore[at]),
        )
        annotation["area"] = round(annotation["area"], 2)
        if (score := labels.score_of(at)) is not None:
            annotation["score"] = score
        yield annotation
