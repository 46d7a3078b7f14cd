"""Joins several labelled sets into one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.errors import InputError, counted
from pipeline.formats.join import join_labels
from pipeline.formats.labels import Labels


def join_sets(sets: Sequence[tuple[str, Labels]], folder: Path) -> Labels:
    """Return one set with the photos and objects of all, merging classes of the same name.

    Args:
        sets: the place of each below `folder`, which is put before its file names so that they stay
            unique; and its labels, with `photo` in their images. A single set is returned as it is.
        folder: of all sets.

    Returns:
        labels with the classes in order of first appearance. If two sets share ids of images, all
        images are numbered from 1, and likewise for objects.

    Raises:
        InputError: a photo is in two sets.
    """
    if len(sets) == 1:
        return sets[0][1]
    parts = [replace(labels, images=_with_prefix(labels.images, place)) for place, labels in sets]
    joined = join_labels(parts, folder, folder)
    _refuse_shared_photos(joined.images["photo"].to_pylist(), folder)
    notes = tuple(f"{place}: {note}" for place, labels in sets for note in labels.notes)
    return replace(joined, notes=notes)


def as_machine(labels: Labels) -> Labels:
    """Return labels of a model as train data: all in train, each box with a score."""
    column = labels.images.schema.get_field_index("split")
    train = pa.array(["train"] * len(labels.images), pa.string())
    scores = np.ones(len(labels.rows), np.float32) if labels.scores is None else labels.scores
    return replace(labels, images=labels.images.set_column(column, "split", train), scores=scores)


def as_truth(labels: Labels) -> Labels:
    """Return labels as those of people: each box counts fully, whatever its score."""
    if labels.scores is None:
        return labels
    scored = int(np.count_nonzero(~np.isnan(labels.scores)))
    note = (
        f"scores of {counted(scored, 'object')} do not count, as the set has the role truth; "
        "labels of a model need the role machine (fetch.sources)"
    )
    return replace(labels, scores=None, notes=(*labels.notes, note))


def _with_prefix(images: pa.Table, place: str) -> pa.Table:
    names = pa.array([f"{place}/{name}" for name in images["file_name"].to_pylist()])
    return images.set_column(images.schema.get_field_index("file_name"), "file_name", names)


def _refuse_shared_photos(photos: list[str], folder: Path) -> None:
    seen: set[str] = set()
    for photo in photos:
        if photo in seen:
            raise InputError(
                f"{folder / photo}: is in two of fetch.sources; leave it out of the labels of one"
            )
        seen.add(photo)
