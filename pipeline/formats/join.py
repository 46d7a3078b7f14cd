"""Joins the labels of several files or sets."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.formats.labels import Labels


def join_labels(parts: Sequence[Labels], file: Path, photos: Path) -> Labels:
    """Return the images and objects of all parts, merging classes of the same name.

    Args:
        parts: at least one; the columns of their images are the same.
        file: where all labels are, for messages.
        photos: the folder below which all photos lie.

    Returns:
        labels with the classes in order of first appearance. If two parts share ids of images, all
        images are numbered from 1, and likewise for objects. Notes are left to the caller, who
        knows the names of the parts.
    """
    classes = list(dict.fromkeys(name for part in parts for name in part.classes))
    starts = np.cumsum([0, *(len(part.images) for part in parts)])
    images = pa.concat_tables(part.images for part in parts).combine_chunks()
    return Labels(
        file,
        photos,
        images.set_column(0, "id", _unique_ids(images["id"].to_numpy())),
        classes,
        _unique_ids(np.concatenate([part.ids for part in parts])).to_numpy(),
        np.concatenate(
            [part.rows + start for part, start in zip(parts, starts, strict=False)]
        ).astype(np.int32),
        np.concatenate([_relabelled(part, classes) for part in parts]),
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.ignore for part in parts]),
        _joined_scores(parts),
        shares=_joined_shares(parts),
    )


def _unique_ids(ids: np.ndarray) -> pa.Array:
    if len(np.unique(ids)) < len(ids):
        ids = np.arange(1, len(ids) + 1)
    return pa.array(ids, pa.int64())


def _relabelled(labels: Labels, classes: list[str]) -> np.ndarray:
    new = np.array([classes.index(name) for name in labels.classes], np.int64)
    return new.astype(np.int16)[labels.labels]


def _joined_scores(parts: Sequence[Labels]) -> np.ndarray | None:
    """Return the scores of all objects, NaN for labels of people; None if no part has scores."""
    if all(part.scores is None for part in parts):
        return None
    return np.concatenate(
        [
            np.full(len(part.rows), np.nan, np.float32) if part.scores is None else part.scores
            for part in parts
        ]
    )


def _joined_shares(parts: Sequence[Labels]) -> np.ndarray | None:
    """Return which of all boxes are shares; None if none are."""
    if all(part.shares is None for part in parts):
        return None
    return np.concatenate(
        [np.zeros(len(part.rows), bool) if part.shares is None else part.shares for part in parts]
    )
