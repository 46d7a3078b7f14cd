"""Ground truth and detections of all photos, as flat arrays.

One row is one box. The `photo` column joins the two, so a photo with nothing in it has no row.
"""

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import pyarrow as pa

from pipeline.schemas import box_columns


@dataclass(frozen=True)
class Truth:
    """The labelled objects of all photos.

    Attributes:
        photo: `(N,)` integer id of each object's photo.
        boxes: `(N, 4)` xyxy pixel edges.
        labels: `(N,)` class, 0..C-1.
        ignore: `(N,)` bool; a detection of such an object is neither a true nor a false positive.
    """

    photo: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    ignore: np.ndarray

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together."""
        _check_columns(self)
        if self.ignore.dtype != bool:
            raise ValueError(f"ignore has dtype {self.ignore.dtype}; expected bool")


@dataclass(frozen=True)
class Detections:
    """The boxes that a model found in all photos.

    Attributes:
        photo: `(K,)` integer id of each detection's photo.
        boxes: `(K, 4)` xyxy pixel edges, in the unit of the truth.
        labels: `(K,)` class, 0..C-1.
        scores: `(K,)` finite; only their order counts.
    """

    photo: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together."""
        _check_columns(self)
        if not np.isfinite(self.scores).all():
            raise ValueError("scores must be finite")


Side = TypeVar("Side", Truth, Detections)


def take(side: Side, rows: np.ndarray) -> Side:
    """Return the chosen rows of `side`: a bool for each row, or row numbers."""
    return type(side)(**{field.name: getattr(side, field.name)[rows] for field in fields(side)})


def check_labels(side: Truth | Detections, num_classes: int) -> None:
    """Raise ValueError unless every label of `side` is in 0..num_classes-1."""
    labels = side.labels
    if len(labels) and not (labels.min() >= 0 and labels.max() < num_classes):
        raise ValueError(
            f"{type(side).__name__} has labels {labels.min()}..{labels.max()}; "
            f"expected 0..{num_classes - 1}"
        )


def _check_columns(side: Truth | Detections) -> None:
    """Raise ValueError unless every column has one row per box, and a box four numbers."""
    rows = len(side.boxes)
    for field in fields(side):
        column = getattr(side, field.name)
        expected = (rows, 4) if field.name == "boxes" else (rows,)
        if np.shape(column) != expected:
            raise ValueError(f"{field.name} has shape {np.shape(column)}; expected {expected}")
    if not np.isfinite(side.boxes).all():
        raise ValueError("boxes must be finite")


def as_detections(predictions: pa.Table) -> Detections:
    """Return the rows of a predictions table as flat arrays, for the metrics."""
    return Detections(
        photo=predictions["image_id"].to_numpy(),
        boxes=box_columns(predictions),
        labels=predictions["label"].to_numpy().astype(np.int64),
        scores=predictions["score"].to_numpy(),
    )


def as_truth(objects: pa.Table) -> Truth:
    """Return the rows of an objects table as flat arrays, for the metrics."""
    return Truth(
        photo=objects["image_id"].to_numpy(),
        boxes=box_columns(objects),
        labels=objects["label"].to_numpy().astype(np.int64),
        ignore=objects["ignore"].to_numpy(),
    )
