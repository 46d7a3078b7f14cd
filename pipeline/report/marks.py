"""Rows of a table as something to draw on a photo."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.boxes import paired_iou
from pipeline.schemas import box_columns


def _no_boxes() -> np.ndarray:
    return np.zeros((0, 4))


def _nothing() -> np.ndarray:
    return np.zeros(0, dtype=int)


@dataclass(frozen=True)
class Marks:
    """What to draw on one photo: its true objects, or what was predicted for it.

    Attributes:
        boxes: `(N, 4)` xyxy; empty if only a class is known.
        labels: `(N,)` class; empty if only boxes are known.
        scores: `(N,)` in 0..1; empty for truth.
        ignore: `(N,)` bool, drawn grey and dotted; empty if none are.
    """

    boxes: np.ndarray = field(default_factory=_no_boxes)
    labels: np.ndarray = field(default_factory=_nothing)
    scores: np.ndarray = field(default_factory=_nothing)
    ignore: np.ndarray = field(default_factory=_nothing)


def marks_of(table: pa.Table, image_id: int, label_scores: np.ndarray | None = None) -> Marks:
    """Return the objects or predictions that a table has for one photo.

    Args:
        table: with labels (-1: no class) and boxes (NaN: no box); what a rung does not predict is
            empty in the marks (scores belong to classes).
        image_id: of the photo.
        label_scores: `(C,)` by class; only predictions with a higher score are kept, as in labels.
    """
    rows = table.filter(pc.equal(table["image_id"], image_id))
    if label_scores is not None:
        lowest = label_scores.astype(np.float32)[rows["label"].to_numpy()]
        rows = rows.filter(pa.array(rows["score"].to_numpy() > lowest))
    boxes, labels = box_columns(rows), rows["label"].to_numpy()
    is_truth = "ignore" in rows.column_names
    known = {"ignore": rows["ignore"].to_numpy()} if is_truth else {}
    if not np.isnan(boxes).any():
        known["boxes"] = boxes
    if (labels >= 0).all():
        known["labels"] = labels
        if not is_truth:
            known["scores"] = rows["score"].to_numpy()
    return Marks(**known)


def verdict(truth: Marks, predicted: Marks, names: Sequence[str]) -> tuple[str, bool]:
    """Return a line comparing the largest object with its prediction, and whether that is right.

    Right means the true class, if classes are predicted, and an IoU above .5, if boxes are.
    """
    words, right = [], True
    if len(truth.labels) and len(predicted.labels):
        same = truth.labels[0] == predicted.labels[0]
        score = f" {two_digits(predicted.scores[0])}" if len(predicted.scores) else ""
        guess = f"{names[predicted.labels[0]]}{score}"
        words.append(guess if same else f"{guess}, is {names[truth.labels[0]]}")
        right &= bool(same)
    if len(truth.boxes) and len(predicted.boxes):
        iou = float(paired_iou(truth.boxes[0], predicted.boxes[0]))
        words.append(f"IoU {two_digits(iou)}")
        right &= iou > 0.5
    return "  ".join(words), right


def two_digits(value: float) -> str:
    """Return a score or IoU of 0..1 with two digits and no leading zero: `.87`, `1.0`."""
    return "1.0" if value >= 0.995 else f"{value:.2f}"[1:]
