"""All pictures of one rung, from the files of earlier stages."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.evaluate.anchor_fit import AnchorFit
from pipeline.evaluate.confusion import count_pairs
from pipeline.evaluate.detections import as_detections, as_truth
from pipeline.evaluate.result_files import (
    ClassAp,
    ConfusedPair,
    CurvePoint,
    EpochDetection,
    ErrorKind,
    MetricInterval,
    ObjectFit,
    WorstPhoto,
    read_rows,
)
from pipeline.evaluate.size_ap import SizeAp
from pipeline.report.answers import Answers, DrawnPhotos
from pipeline.report.charts import anchor_picture, confusion_picture, error_bars
from pipeline.report.curves import history_curves, precision_recall
from pipeline.report.ladder_table import METRICS, metric_text
from pipeline.report.marks import Marks, marks_of
from pipeline.report.page import layout_of
from pipeline.report.photo_grid import photo_grid
from pipeline.report.score_curves import draw_score_curves, score_curves
from pipeline.report.worst_answers import kinds_in_words, worst_answers
from pipeline.schemas import of_split

_PERCENTS = (25, 50, 75, 100)  # of a training
_WORST = 12  # photos


def draw_rung(folder: Path, answers: Answers, photos: DrawnPhotos, grid_photos: int) -> None:
    """Write all pictures of a rung into an empty folder."""
    metrics = answers.intervals()
    if not metrics:
        raise InputError(f"{answers.evaluation / 'intervals.csv'}: empty; run the evaluate stage")
    split, rung = metrics[0].split, answers.rung
    draw_photos(
        folder / f"{split}_grid.png",
        _first_photos(answers, photos, split)[:grid_photos],
        answers,
        photos,
        title=f"{rung}: photos of {split}",
    )
    history_curves(folder / "curves.png", _read_history(answers.evaluation), rung)
    title = f"{rung}, {split}: " + ", ".join(map(in_words, _headlines(metrics, answers)))
    names = photos.lettering.names
    if answers.predictions.task.answers_class:
        pairs = read_rows(answers.evaluation / "confusion.csv", ConfusedPair)
        matrix = count_pairs(pairs, answers.predictions.classes)
        words = f"{rung}, {split}" + ("" if answers.single else ": boxes that become labels")
        confusion_picture(folder / "confusion.png", matrix, names, words)
    if answers.single:
        draw_worst_answers(folder / f"{split}_worst.png", answers, photos, split, title)
    else:
        draw_detector(folder, answers, photos, split, title)


def draw_worst_answers(
    path: Path, answers: Answers, photos: DrawnPhotos, split: str, title: str
) -> None:
    """Draw the photos with the worst predictions of a rung that predicts the largest object."""
    task, predictions = answers.predictions.task, answers.predictions.table
    largest = of_split(photos.truths["largest"], split)
    worst = worst_answers(largest, predictions, task, _WORST)
    if worst:
        draw_photos(
            path,
            photos.rows_of([one.image_id for one in worst]),
            answers,
            photos,
            title=f"{title}: {kinds_in_words(task.answers_class, task.answers_box)}",
            captions=[one.words for one in worst],
        )


def draw_detector(
    folder: Path, answers: Answers, photos: DrawnPhotos, split: str, title: str
) -> None:
    """Write the pictures of a rung that predicts all objects: curves, errors, anchors."""
    results = answers.evaluation
    precision_recall(
        folder / "pr_curves.png",
        read_rows(results / "ap_by_class.csv", ClassAp),
        read_rows(results / "pr_curves.csv", CurvePoint),
        photos.lettering.names,
        f"{answers.rung}, {split}",
    )
    draw_quality(folder / "score_curves.png", answers, photos, split)
    sizes = read_rows(results / "ap_by_size.csv", SizeAp)
    error_bars(folder / "errors.png", read_rows(results / "errors.csv", ErrorKind), sizes, title)
    worst = read_rows(results / "worst_photos.csv", WorstPhoto)
    if worst:
        draw_photos(
            folder / f"{split}_worst.png",
            photos.rows_of([photo.image_id for photo in worst]),
            answers,
            photos,
            title=f"{title}: the photos with the most errors",
            captions=[f"{photo.file_name}: {photo.words}" for photo in worst],
        )
    if (results / "found_by_epoch.csv").is_file():
        draw_progress(folder / "progress", answers, photos)
    if (results / "anchor_fit.csv").is_file():
        fits = read_rows(results / "anchor_fit.csv", AnchorFit)
        objects = read_rows(results / "anchor_iou.csv", ObjectFit)
        words = f"{answers.rung}: how its anchors fit the objects of train"
        anchor_picture(folder / "anchors.png", fits, objects, words)


def draw_quality(path: Path, answers: Answers, photos: DrawnPhotos, split: str) -> None:
    """Draw precision, recall and F1 of a rung that predicts all objects, over the score."""
    limits, names = answers.label_scores, photos.lettering.names
    if limits is None or not len(limits):
        return
    truth = as_truth(of_split(photos.truths["objects"], split))
    curves = score_curves(truth, as_detections(of_split(answers.predictions.table, split)), limits)
    draw_score_curves(path, curves, limits, names, f"{answers.rung}, {split}")


def draw_progress(folder: Path, answers: Answers, photos: DrawnPhotos) -> None:
    """Write `25.png` to `100.png`: detections in a few photos of val at 25 to 100 % of training."""
    found = read_rows(answers.evaluation / "found_by_epoch.csv", EpochDetection)
    if not found:
        return
    folder.mkdir()
    ids = list(dict.fromkeys(row.image_id for row in found))
    rows = photos.rows_of(ids)
    last = len(_read_history(answers.evaluation))
    # Percentages align trainings of different lengths; if two fall on one epoch, the later counts.
    drawn = {max(1, round(last * percent / 100)): percent for percent in _PERCENTS}
    for epoch, percent in drawn.items():
        marks = [
            _marks([row for row in found if (row.epoch, row.image_id) == (epoch, image_id)])
            for image_id in ids
        ]
        draw_marks(
            folder / f"{percent}.png",
            rows,
            marks,
            photos,
            table="objects",
            title=f"{answers.rung}: found after epoch {epoch} of {last}",
        )


def _marks(found: Sequence[EpochDetection]) -> Marks:
    return Marks(
        np.array([(row.xmin, row.ymin, row.xmax, row.ymax) for row in found]).reshape(-1, 4),
        np.array([row.label for row in found], int),
        np.array([row.score for row in found]),
    )


def in_words(metric: MetricInterval) -> str:
    """Return a metric with its name, interval and note: `accuracy 0.989 (0.940 to 1.000)`."""
    _, digits = METRICS[metric.metric]
    words = f"{metric.metric} {metric_text(metric, digits) or 'unknown'}"
    return words + (f", {metric.note}" if metric.note else "")


def _headlines(metrics: Sequence[MetricInterval], answers: Answers) -> list[MetricInterval]:
    """Return the headline metric of the evaluated split."""
    headline = answers.predictions.task.headline
    return [one for one in metrics if one.metric == headline and one.split == metrics[0].split]


def _first_photos(answers: Answers, photos: DrawnPhotos, split: str) -> np.ndarray:
    """Return the rows of the photos on which the rung was measured."""
    chosen = np.asarray(photos.images["split"].cast(pa.string())) == split
    if answers.single:  # a photo without an object has no largest one
        largest = photos.truths["largest"]["image_id"]
        chosen &= pc.is_in(photos.images["image_id"], largest).to_numpy()
    return np.flatnonzero(chosen)


def _read_history(evaluation: Path) -> list[dict[str, str]]:
    path = evaluation / "history.csv"
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the evaluate stage first") from None


def draw_photos(
    path: Path,
    rows: np.ndarray,
    answers: Answers,
    photos: DrawnPhotos,
    *,
    title: str,
    captions: Sequence[str] = (),
) -> None:
    """Draw the photos in these rows of the images table, with truth and predictions."""
    ids, table = photos.images["image_id"].take(rows).to_pylist(), answers.predictions.table
    draw_marks(
        path,
        rows,
        [marks_of(table, image_id, answers.label_scores) for image_id in ids],
        photos,
        table=answers.predictions.task.table,
        title=title,
        note=answers.note,
        single=answers.single,
        captions=captions,
    )


def draw_marks(
    path: Path,
    rows: np.ndarray,
    predictions: Sequence[Marks],
    photos: DrawnPhotos,
    *,
    table: str,
    title: str,
    note: str = "",
    single: bool = False,
    captions: Sequence[str] = (),
) -> None:
    """Draw the photos in these rows with the given predictions and the truth of a table."""
    images = photos.images.take(rows)
    photo_grid(
        path,
        [photos.pixels[row] for row in rows],
        [marks_of(photos.truths[table], image_id) for image_id in images["image_id"].to_pylist()],
        predictions,
        names=photos.lettering.names,
        title=title,
        note="    ".join(filter(None, (note, photos.lettering.note))),
        layout=layout_of(len(rows)),
        single=single,
        captions=captions or images["file_name"].to_pylist(),
        sizes_wh=list(zip(images["width"].to_pylist(), images["height"].to_pylist(), strict=True)),
    )
