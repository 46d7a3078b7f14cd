"""Turns the detections of a labelling job into labels."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.formats.labels import IMAGES, Labels
from pipeline.inference.label_boxes import label_boxes
from pipeline.labelling.job import LabelJob

# With doubtful boxes wanted, those that score at least this share of what a label scores.
_DOUBTFUL = 0.5


@dataclass(frozen=True)
class FoundLabels:
    """The labels of a job's detections, by file name, some thousand photos at a time.

    Ids and rows continue from block to block. The blocks may be iterated over several times.

    Attributes:
        job: has the detections.
        done: rows of `LabelJob.done`; photos with an error are left out.
        folder, min_scores, doubtful: see `labels_of_rows`.
    """

    job: LabelJob
    done: pa.Table
    folder: Path
    min_scores: np.ndarray
    doubtful: bool

    def __iter__(self) -> Iterator[Labels]:
        photos = objects = 0
        well = self.done.filter(pc.is_null(self.done["error"]))
        for rows in self.job.blocks(well):
            labels = self._labels(rows, (photos, objects))
            photos, objects = photos + len(labels.images), objects + len(labels.rows)
            yield labels

    def of_any_score(self) -> "FoundLabels":
        """Return the labels of all detections, whatever they score."""
        return replace(self, min_scores=np.zeros_like(self.min_scores), doubtful=False)

    def of_photos(self, names: Collection[str]) -> Labels:
        """Return the labels of some photos in one block."""
        there = pc.is_in(self.done["file_name"], pa.array(sorted(names), pa.string()))
        return self._labels(pa.concat_tables(self.job.blocks(self.done.filter(there))))

    def _labels(self, rows: pa.Table, before: tuple[int, int] = (0, 0)) -> Labels:
        return labels_of_rows(
            rows,
            self.folder,
            self.job.asked.classes,
            self.min_scores,
            doubtful=self.doubtful,
            before=before,
        )


def labels_of_rows(
    rows: pa.Table,
    folder: Path,
    classes: Sequence[str],
    min_scores: np.ndarray,
    *,
    doubtful: bool,
    before: tuple[int, int] = (0, 0),
) -> Labels:
    """Return the labels of what a job has found; boxes are clipped and rounded to .01 pixels.

    Args:
        rows: of `LabelJob.blocks`; photos with an error are left out.
        folder: to which the names of the photos are relative.
        classes: names in label order.
        min_scores: `(C,)` the score above which a detection of a class becomes a label.
        doubtful: detections down to half of it become boxes to ignore, which training takes
            neither for objects nor for background.
        before: how many photos and objects have ids already.
    """
    rows = rows.filter(pc.is_null(rows["error"])).combine_chunks()
    sizes = np.stack([rows["width"].to_numpy(), rows["height"].to_numpy()], -1)
    owner = pc.list_parent_indices(rows["label"]).to_numpy()
    labels = pc.list_flatten(rows["label"]).to_numpy()
    scores = pc.list_flatten(rows["score"]).to_numpy()
    boxes = pc.list_flatten(rows["box"]).to_numpy().reshape(-1, 4).astype(float)
    boxes, has_area = label_boxes(boxes, sizes[owner])
    lowest = min_scores[labels]
    keep = has_area & (scores > (lowest * _DOUBTFUL if doubtful else lowest))
    return Labels(
        folder,
        folder,
        _images(rows, before[0]),
        list(classes),
        before[1] + np.arange(1, keep.sum() + 1),
        owner[keep].astype(np.int32),
        labels[keep],
        boxes[keep],
        ~(scores > lowest)[keep],
        scores[keep],
    )


def above_min_scores(labels: Labels, min_scores: np.ndarray, *, doubtful: bool) -> Labels:
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


def _images(rows: pa.Table, before: int) -> pa.Table:
    columns = [
        pa.array(before + np.arange(1, len(rows) + 1)),
        rows["file_name"],
        rows["width"].cast(pa.int64()),
        rows["height"].cast(pa.int64()),
        pa.nulls(len(rows), pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=IMAGES)
