"""Several labelled sets become one."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.errors import InputError
from pipeline.formats.labels import Labels


def join_sets(sets: Sequence[tuple[str, Labels]], folder: Path) -> Labels:
    """Return one set with the photos and objects of all, classes of one name being one class.

    Args:
        sets: the place of each below `folder`, which goes before its file names, so that photos of
            one name stay apart; and its labels, with their photos found. One set alone is
            returned as it is.
        folder: of all sets.

    Returns:
        labels whose classes stand in the order in which they first come. Where two sets share ids,
        all images are numbered from 1, and likewise all objects.

    Raises:
        InputError: a photo is in two sets.
    """
    if len(sets) == 1:
        return sets[0][1]
    parts = [labels for _, labels in sets]
    classes = list(dict.fromkeys(name for labels in parts for name in labels.classes))
    starts = np.cumsum([0, *(len(labels.images) for labels in parts)])
    images = pa.concat_tables(
        _with_prefix(labels.images, place) for place, labels in sets
    ).combine_chunks()
    _refuse_shared_photos(images["photo"].to_pylist(), folder)
    return Labels(
        folder,
        folder,
        images.set_column(0, "id", _unique_ids(images["id"].to_numpy())),
        classes,
        _unique_ids(np.concatenate([labels.ids for labels in parts])).to_numpy(),
        np.concatenate(
            [labels.rows + start for labels, start in zip(parts, starts, strict=False)]
        ).astype(np.int32),
        np.concatenate([_relabelled(labels, classes) for labels in parts]),
        np.concatenate([labels.boxes for labels in parts]),
        np.concatenate([labels.ignore for labels in parts]),
        _joined_scores(parts),
        tuple(f"{place}: {note}" for place, labels in sets for note in labels.notes),
    )


def as_machine(labels: Labels) -> Labels:
    """Return labels of a model as they may be learnt from: all in train, each box with a score."""
    column = labels.images.schema.get_field_index("split")
    train = pa.array(["train"] * len(labels.images), pa.string())
    scores = np.ones(len(labels.rows), np.float32) if labels.scores is None else labels.scores
    return replace(labels, images=labels.images.set_column(column, "split", train), scores=scores)


def _with_prefix(images: pa.Table, place: str) -> pa.Table:
    names = pa.array([f"{place}/{name}" for name in images["file_name"].to_pylist()])
    return images.set_column(images.schema.get_field_index("file_name"), "file_name", names)


def _unique_ids(ids: np.ndarray) -> pa.Array:
    if len(np.unique(ids)) < len(ids):
        ids = np.arange(1, len(ids) + 1)
    return pa.array(ids, pa.int64())


def _relabelled(labels: Labels, classes: list[str]) -> np.ndarray:
    new = np.array([classes.index(name) for name in labels.classes], np.int16)
    return new[labels.labels]


def _joined_scores(parts: Sequence[Labels]) -> np.ndarray | None:
    """Return the scores of all, NaN where people have labelled; None where no model has."""
    if all(labels.scores is None for labels in parts):
        return None
    return np.concatenate(
        [
            np.full(len(labels.rows), np.nan, np.float32)
            if labels.scores is None
            else labels.scores
            for labels in parts
        ]
    )


def _refuse_shared_photos(photos: list[str], folder: Path) -> None:
    seen: set[str] = set()
    for photo in photos:
        if photo in seen:
            raise InputError(
                f"{folder / photo}: is in two of fetch.sources; leave it out of the labels of one"
            )
        seen.add(photo)
