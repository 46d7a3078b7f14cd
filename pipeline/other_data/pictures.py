"""Pictures of what a model found in labelled photos, drawn as in the report."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from pipeline.evaluate.confusion import count_pairs
from pipeline.evaluate.result_files import ConfusedPair, read_rows
from pipeline.other_data.tables import EVALUATED_SPLIT
from pipeline.report.answers import Answers, DrawnPhotos
from pipeline.report.charts import confusion_picture
from pipeline.report.rung_pictures import (
    draw_detector,
    draw_photos,
    draw_worst_answers,
    in_words,
)


def draw_answers(folder: Path, answers: Answers, photos: DrawnPhotos, grid_photos: int) -> None:
    """Write PNGs into a folder: photos, confusion, worst predictions; for detectors curves, errors.

    Args:
        folder: empty.
        answers: of a model, all in `EVALUATED_SPLIT`.
        photos: those that it was evaluated on.
        grid_photos: how many of them to draw, from the first.
    """
    of_headline = [
        one for one in answers.intervals() if one.metric == answers.predictions.task.headline
    ]
    title = f"{answers.rung}: " + ", ".join(map(in_words, of_headline))
    rows = _measured(answers, photos)[:grid_photos]
    draw_photos(folder / "grid.png", rows, answers, photos, title=title)
    if answers.predictions.task.answers_class:
        pairs = read_rows(answers.evaluation / "confusion.csv", ConfusedPair)
        matrix = count_pairs(pairs, answers.predictions.classes)
        words = answers.rung + ("" if answers.single else ": boxes that become labels")
        confusion_picture(folder / "confusion.png", matrix, photos.lettering.names, words)
    if answers.single:
        draw_worst_answers(folder / "worst.png", answers, photos, EVALUATED_SPLIT, title)
    else:
        draw_detector(folder, answers, photos, EVALUATED_SPLIT, title)


def _measured(answers: Answers, photos: DrawnPhotos) -> np.ndarray:
    """Return the rows of the photos on which the model was measured."""
    if not answers.single:
        return np.arange(len(photos.images))
    largest = photos.truths["largest"]["image_id"]  # a photo without an object has none
    return np.flatnonzero(pc.is_in(photos.images["image_id"], value_set=largest).to_numpy())
