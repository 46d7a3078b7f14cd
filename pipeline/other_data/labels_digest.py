"""What tells the labels of a folder from those that it had before."""

import hashlib

import orjson

from pipeline.formats.labels import Labels


def labels_digest(labels: Labels) -> str:
    """Return the SHA-256 of what labels say of their photos, in whatever files they say it."""
    images = labels.images.select(["file_name", "width", "height"]).to_pydict()
    objects = (labels.rows, labels.labels, labels.boxes, labels.ignore)
    content = [images, labels.classes, *(column.tolist() for column in objects)]
    return hashlib.sha256(orjson.dumps(content)).hexdigest()
