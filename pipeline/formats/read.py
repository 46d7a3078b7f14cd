"""Reads the labels in a folder, in any format."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from pipeline.formats.labels import IMAGES, Labels
from pipeline.formats.layout import AUTO, find_set
from pipeline.formats.split_names import plain_split


def read_labels(folder: Path, format_name: str = AUTO, labels: str = "") -> Labels:
    """Return the labels of the set in a folder, with plain names of classes and splits.

    See `plain_name` and `plain_split`. The arguments are those of `find_set`.

    Raises:
        InputError: no labels or several, or labels that break a rule.
    """
    found = find_set(folder, format_name, labels)
    read = found.format.read(found).with_plain_classes()
    return replace(read, images=_with_plain_splits(read.images))


def _with_plain_splits(images: pa.Table) -> pa.Table:
    at, splits = IMAGES.get_field_index("split"), images["split"]
    plain = {name: name and plain_split(name) for name in splits.unique().to_pylist()}
    if all(name == split for name, split in plain.items()):
        return images
    named = pa.array([plain[name] for name in splits.to_pylist()], pa.string())
    return images.set_column(at, IMAGES.field(at), named)
