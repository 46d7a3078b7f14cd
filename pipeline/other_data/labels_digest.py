"""A digest by which changed labels of a folder are recognised."""

import hashlib

import orjson

from pipeline.formats.labels import Labels


def labels_digest(labels: Labels) -> str:
    """Return the SHA-256 of photos, classes and objects, whichever files the labels are in."""
    images = labels.images.select(["file_name", "width", "height"]).to_pydict()
    objects = (labels.rows, labels.labels, labels.boxes, labels.ignore)
    content = [images, labels.classes, *(column.tolist() for column in objects)]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()
