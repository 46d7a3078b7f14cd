"""Writes labels as Pascal JSON (COCO style)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from pipeline.formats.labels import Labels
from pipeline.formats.pascal.parts import new_annotation, new_pascal

_BLOCK = 10_000  # images or objects in memory as Python's objects


def write_pascal(labels: Labels, out: Path) -> tuple[str, ...]:
    """Write one JSON file; an annotation has a `score` besides where a model has labelled."""
    rest = new_pascal([], [], labels.classes, "object")
    with out.open("wb") as file:
        file.write(b'{"images":[')
        _write_items(file, _images(labels))
        file.write(b'],"annotations":[')
        _write_items(file, _annotations(labels))
        file.write(b"]," + orjson.dumps({key: rest[key] for key in ("categories", "type")})[1:])
    return ()


def _write_items(file: BinaryIO, items: Iterable[dict]) -> None:
    """Write the items of a JSON list, block by block, as a million of them take a gigabyte."""
    first, left = True, iter(items)
    while block := list(islice(left, _BLOCK)):
        file.write(b"" if first else b",")
        file.write(orjson.dumps(block)[1:-1])
        first = False


def _images(labels: Labels) -> Iterator[dict]:
    for batch in labels.images.to_batches(_BLOCK):
        for image in batch.to_pylist():
            yield {name: value for name, value in image.items() if value is not None}


def _annotations(labels: Labels) -> Iterator[dict]:
    ids = labels.images["id"].to_numpy()
    for at, row in enumerate(labels.rows.tolist()):
        annotation = new_annotation(
            int(labels.ids[at]),
            int(ids[row]),
            int(labels.labels[at]) + 1,
            labels.boxes[at].tolist(),
            int(labels.ignore[at]),
        )
        annotation["area"] = round(annotation["area"], 2)
        if (score := labels.score_of(at)) is not None:
            annotation["score"] = score
        yield annotation
