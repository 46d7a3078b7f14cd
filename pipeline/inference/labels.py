"""What a labelling job has found becomes labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.formats.labels import IMAGES, Labels

# With doubtful boxes wanted, those that score at least this share of what a label scores.
_DOUBTFUL = 0.5


@dataclass(frozen=True)
class Refusal:
    """A photo that could not be labelled, and why."""

    photo: str
    reason: str


def likely(rows: pa.Table, min_scores: np.ndarray) -> pa.Table:
    """Return rows with those detections alone that `labels_of_rows` can make labels of.

    Most detections score far less: they are the greater part of a job.
    """
    labels = pc.list_flatten(rows["label"]).to_numpy()
    scores = pc.list_flatten(rows["score"]).to_numpy()
    keep = scores > min_scores[labels] * _DOUBTFUL
    owner = pc.list_parent_indices(rows["label"]).to_numpy()
    ends = np.cumsum(np.bincount(owner[keep], minlength=len(rows)))
    starts = np.append(0, ends).astype(np.int32)
    boxes = pc.list_flatten(rows["box"]).to_numpy().reshape(-1, 4)
    for name, values in (("label", labels[keep]), ("score", scores[keep])):
        rows = _with_lists(rows, name, starts, values)
    return _with_lists(rows, "box", starts * 4, boxes[keep].ravel())


def _with_lists(rows: pa.Table, name: str, starts: np.ndarray, values: np.ndarray) -> pa.Table:
    lists = pa.ListArray.from_arrays(starts, values).cast(rows.schema.field(name).type)
    return rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), lists)


def labels_of_rows(
    rows: pa.Table, folder: Path, classes: Sequence[str], min_scores: np.ndarray, *, doubtful: bool
) -> Labels:
    """Return the labels of what a job has found; boxes are clipped and rounded to .01 pixels.

    Args:
        rows: of `LabelJob.read`; photos with an error are left out.
        folder: to which the names of the photos are relative.
        classes: names in label order.
        min_scores: `(C,)` the score above which a detection of a class becomes a label.
        doubtful: detections down to half of it become boxes to ignore, so that whoever learns from
            these labels takes them neither for objects nor for background.
    """
    rows = rows.filter(pc.is_null(rows["error"])).combine_chunks()
    sizes = np.stack([rows["width"].to_numpy(), rows["height"].to_numpy()], -1)
    owner = pc.list_parent_indices(rows["label"]).to_numpy()
    labels = pc.list_flatten(rows["label"]).to_numpy()
    scores = pc.list_flatten(rows["score"]).to_numpy()
    boxes = pc.list_flatten(rows["box"]).to_numpy().reshape(-1, 4).astype(float)
    np.clip(boxes, 0, np.tile(sizes, 2)[owner], out=boxes)  # in place, as they are many
    np.round(boxes, 2, out=boxes)
    lowest = min_scores[labels]
    keep = scores > (lowest * _DOUBTFUL if doubtful else lowest)
    keep &= (boxes[:, 2:] > boxes[:, :2]).all(1)
    boxes[:, 2:] = (boxes[:, 2:] - boxes[:, :2]).round(2)
    return Labels(
        folder,
        folder,
        _images(rows),
        list(classes),
        np.arange(1, keep.sum() + 1),
        owner[keep].astype(np.int32),
        labels[keep],
        boxes[keep],
        ~(scores > lowest)[keep],
        scores[keep],
    )


def certain(labels: Labels, min_scores: np.ndarray, *, doubtful: bool) -> Labels:
    """Return the labels that score enough, as `labels_of_rows` does, and all that people made.

    Args:
        labels: of all detections; a person may have given some of them other classes.
        min_scores: `(C,)` of the classes of the model, which come first.
        doubtful: see `labels_of_rows`.
    """
    scores = np.full(len(labels.rows), np.nan) if labels.scores is None else labels.scores
    by_person = np.isnan(scores)
    lowest = np.append(min_scores, np.inf)[np.minimum(labels.labels, len(min_scores))]
    above = by_person | (scores > lowest)
    keep = above | (scores > lowest * _DOUBTFUL) if doubtful else above
    return replace(labels, ignore=labels.ignore | ~above).of_objects(keep)


def refusals(rows: pa.Table) -> list[Refusal]:
    """Return the photos of a job that could not be labelled."""
    broken = rows.filter(pc.is_valid(rows["error"]))
    return [
        Refusal(name, reason)
        for name, reason in zip(
            broken["file_name"].to_pylist(), broken["error"].to_pylist(), strict=True
        )
    ]


def _images(rows: pa.Table) -> pa.Table:
    columns = [
        pa.array(range(1, len(rows) + 1), pa.int64()),
        rows["file_name"],
        rows["width"].cast(pa.int64()),
        rows["height"].cast(pa.int64()),
        pa.nulls(len(rows), pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=IMAGES)
