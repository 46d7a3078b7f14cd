"""What the pictures are drawn from: the photos with their truth, and a rung's predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.data.pixel_store import Pixels
from pipeline.errors import InputError
from pipeline.evaluate.result_files import MetricInterval, read_rows
from pipeline.files import LABEL_SCORES
from pipeline.predictions import Predictions
from pipeline.report.fonts import Lettering


@dataclass(frozen=True)
class DrawnPhotos:
    """All photos and their truth: the images table, the pixel store, the other two tables."""

    images: pa.Table
    pixels: Pixels
    truths: dict[str, pa.Table]
    lettering: Lettering

    def rows_of(self, ids: Sequence[int]) -> np.ndarray:
        """Return the rows of the images table with these ids, in this order."""
        return pc.index_in(pa.array(ids, pa.int64()), value_set=self.images["image_id"]).to_numpy()


@dataclass(frozen=True)
class Answers:
    """What a rung predicted, and how good that was.

    Attributes:
        rung: its name.
        predictions: for all photos of val and test.
        evaluation: the folder of its results.
        label_scores: `(C,)` by class; None for a rung with one prediction per photo.
    """

    rung: str
    predictions: Predictions
    evaluation: Path
    label_scores: np.ndarray | None

    @property
    def single(self) -> bool:
        """Whether it makes one prediction per photo."""
        return not self.predictions.task.every_object

    @property
    def note(self) -> str:
        """Which predictions are drawn, in words; empty if all are."""
        if self.label_scores is None:
            return ""
        low, high = self.label_scores.min(), self.label_scores.max()
        limits = f"{low:.2f}" if high - low < 0.005 else f"{low:.2f} to {high:.2f}, by class"
        return f"drawn: boxes that become labels, with scores above {limits}"

    def intervals(self) -> list[MetricInterval]:
        """Return the metrics that have intervals; those of the evaluated split come first."""
        return read_rows(self.evaluation / "intervals.csv", MetricInterval)


def read_answers(rung: str, predictions: Predictions, evaluation: Path) -> Answers:
    """Return the predictions of a rung with its label scores.

    Raises:
        InputError: the scores are missing or of other classes.
    """
    if not predictions.task.every_object:
        return Answers(rung, predictions, evaluation, None)
    path = evaluation / LABEL_SCORES
    try:
        by_class = orjson.loads(path.read_bytes())
        scores = np.array([float(by_class[name]) for name in predictions.classes])
        if not np.isfinite(scores).all():
            raise ValueError
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the evaluate stage of {rung} first") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not label scores of these classes; evaluate again") from None
    return Answers(rung, predictions, evaluation, scores)
