"""Stage `evaluate`: the predictions of a rung against the labels, as numbers."""

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.evaluate.anchor_fit import AnchorFit, anchor_fit, best_anchor_iou
from pipeline.evaluate.bootstrap import Interval
from pipeline.evaluate.confusion import confused_pairs, confusion_matrix
from pipeline.evaluate.detections import as_detections, as_truth
from pipeline.evaluate.error_gains import error_gains
from pipeline.evaluate.error_kinds import KINDS, errors_by_photo, find_errors, worst_photos
from pipeline.evaluate.label_scores import choose_label_scores, keep_labels
from pipeline.evaluate.result_files import (
    ClassAp,
    ConfusedPair,
    CurvePoint,
    EpochDetection,
    ErrorKind,
    MetricInterval,
    ObjectFit,
    WorstPhoto,
    write_csv,
    write_rows,
)
from pipeline.evaluate.score import answers_for, score_largest, score_objects
from pipeline.evaluate.size_ap import SizeAp, ap_by_size
from pipeline.evaluate.voc_ap import VocResult
from pipeline.files import (
    EVALUATION,
    LABEL_SCORES,
    METRICS,
    MODELS,
    PREDICTIONS,
    TABLES,
    fresh_folder,
    write_beside,
)
from pipeline.predictions import Predictions, read_predictions
from pipeline.reading.array_file import read_array
from pipeline.rungs.model_spec import read_spec
from pipeline.schemas import SCHEMAS, box_columns, of_split, read_classes, read_table
from pipeline.train.history import EpochRow, read_history
from stages.entry import run_stage

SPLITS = ("val", "test")
_WORST_PHOTOS = 12
_ONE_CLASS = "one class: always 1"


@dataclass(frozen=True)
class Split:
    """The tables of one split, each with its photos alone."""

    name: str
    images: pa.Table
    truth: pa.Table
    predictions: pa.Table


@dataclass(frozen=True)
class Scores:
    """The metrics of one split, and the curves of the classes where all objects are found."""

    metrics: dict[str, float]
    intervals: dict[str, Interval]
    voc: VocResult | None


def main() -> None:
    """Score the rung named on the command line; write metrics/RUNG.json and evaluation/RUNG."""
    parser = argparse.ArgumentParser(prog="python -m stages.evaluate", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG", help="a name from the `train` section")
    rung = parser.parse_args().rung
    predictions = read_predictions(PREDICTIONS / f"{rung}.parquet")
    images = read_table(TABLES / "images.parquet", SCHEMAS["images"])
    table = predictions.task.table
    truth = read_table(TABLES / f"{table}.parquet", SCHEMAS[table])
    if predictions.classes != read_classes(images):
        raise InputError(
            f"{PREDICTIONS / rung}.parquet: of other classes than the tables; run train and predict"
        )
    splits = splits_of(predictions, images, truth)
    if not splits:
        raise InputError(
            f"{TABLES}: no photo in val or test for {rung}; see fetch.split in params.yaml"
        )
    scores = [score(split, predictions) for split in splits]
    with fresh_folder(EVALUATION / rung) as folder:
        write_intervals(folder, splits, scores, len(predictions.classes))
        epochs = read_history(MODELS / rung / "history.jsonl")
        write_history(folder, epochs)
        if any(row["found"] for row in epochs):
            write_found_by_epoch(folder, epochs, splits[0].images)
        if predictions.task.every_object:
            write_objects(folder, splits[0], scores[0], predictions.classes)
        elif predictions.task.answers_class:
            write_confusion_of_largest(folder, splits[0], predictions.classes)
        if (MODELS / rung / "anchors.npy").is_file():
            write_anchor_fit(folder, MODELS / rung, truth)
    write_metrics(rung, splits, scores, predictions)


def splits_of(predictions: Predictions, images: pa.Table, truth: pa.Table) -> list[Split]:
    """Return the splits with a photo for this task: for the largest object, one with objects."""
    splits = []
    for name in SPLITS:
        photos, objects = of_split(images, name), of_split(truth, name)
        if not len(photos if predictions.task.every_object else objects):
            continue
        found = of_split(predictions.table, name)
        if not predictions.task.every_object:
            found = answers_for(objects, found)
        splits.append(Split(name, photos, objects, found))
    return splits


def score(split: Split, predictions: Predictions) -> Scores:
    """Return the metrics of a split."""
    if not predictions.task.every_object:
        return Scores(*score_largest(split.truth, split.predictions, predictions.task), None)
    photos = split.images["image_id"].to_numpy()
    return Scores(*score_objects(split.truth, split.predictions, photos, len(predictions.classes)))


def write_intervals(
    folder: Path, splits: list[Split], scores: list[Scores], num_classes: int
) -> None:
    """Write how far each metric depends on the photos it was measured on."""
    rows = [
        MetricInterval(
            split.name,
            metric,
            reached.metrics[metric],
            *ends,
            note=_ONE_CLASS if metric == "accuracy" and num_classes == 1 else "",
        )
        for split, reached in zip(splits, scores, strict=True)
        for metric, ends in reached.intervals.items()
    ]
    write_rows(folder / "intervals.csv", MetricInterval, rows)


def write_history(folder: Path, epochs: list[EpochRow]) -> None:
    """Write a row an epoch: epoch, phase, lr of the head, train_* and val_* losses and metrics."""
    losses = [
        {f"train_{name}": value for name, value in row["train"].items()}
        | {f"val_{name}": value for name, value in row["val"].items()}
        for row in epochs
    ]
    names = list(dict.fromkeys(name for of_epoch in losses for name in of_epoch))
    rows = [
        [row["epoch"], row["phase"], row["lr"], *(of_epoch.get(name, "") for name in names)]
        for row, of_epoch in zip(epochs, losses, strict=True)
    ]
    write_csv(folder / "history.csv", ["epoch", "phase", "lr", *names], rows)


def write_found_by_epoch(folder: Path, epochs: list[EpochRow], photos: pa.Table) -> None:
    """Write what was found after each epoch in the first photos of val.

    Args:
        folder: of the rung's results.
        epochs: of its training.
        photos: of val, in the order in which the training has seen them.
    """
    columns = (photos[name].to_pylist() for name in ("image_id", "width", "height"))
    places = list(zip(*columns, strict=True))
    rows = [
        EpochDetection(
            row["epoch"], image_id, label, score, x0 * width, y0 * height, x1 * width, y1 * height
        )
        for row in epochs
        for (image_id, width, height), detections in zip(places, row["found"], strict=False)
        for label, score, x0, y0, x1, y1 in detections
    ]
    write_rows(folder / "found_by_epoch.csv", EpochDetection, rows)


def write_objects(
    folder: Path,
    split: Split,
    scores: Scores,
    classes: list[str],
    label_scores: np.ndarray | None = None,
) -> None:
    """Write the results of a rung that predicts all objects: curves, sizes and errors.

    Args:
        folder: to write into.
        split: the photos, what is true and what was found.
        scores: the metrics of the split.
        classes: names in label order.
        label_scores: `(C,)`, above which a detection is a label; None for those that are best here.
    """
    truth, detections = as_truth(split.truth), as_detections(split.predictions)
    photos, count = split.images["image_id"].to_numpy(), len(classes)
    if scores.voc:
        write_curves(folder, scores.voc, classes)
    sizes = ap_by_size(truth, detections, photos, count)
    write_rows(folder / "ap_by_size.csv", SizeAp, sizes)
    if label_scores is None:
        label_scores = choose_label_scores(truth, detections, count).scores
    by_class = dict(zip(classes, label_scores.astype(float).round(4).tolist(), strict=True))
    (folder / LABEL_SCORES).write_text(
        json.dumps(by_class, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    labels = keep_labels(detections, label_scores)
    pairs = confused_pairs(confusion_matrix(truth, labels, count), classes)
    write_rows(folder / "confusion.csv", ConfusedPair, pairs)
    gains = error_gains(find_errors(truth, detections, count), count)
    errors = find_errors(truth, labels, count)
    kinds = [ErrorKind(kind, len(errors.photos(kind)), gains[kind]) for kind in KINDS]
    write_rows(folder / "errors.csv", ErrorKind, kinds)
    counts = errors_by_photo(errors, photos)
    files = split.images["file_name"].to_pylist()
    worst = [
        WorstPhoto(int(photos[place]), files[place], int(counts[place].sum()), words)
        for place, words in worst_photos(counts, _WORST_PHOTOS)
    ]
    write_rows(folder / "worst_photos.csv", WorstPhoto, worst)


def write_curves(folder: Path, voc: VocResult, classes: list[str]) -> None:
    """Write the average precisions and, for drawing, the true positives of each class's ranking."""
    aps, points = [], []
    for name, curve in zip(classes, voc.curves, strict=True):
        aps.append(ClassAp(name, curve.ap, curve.ap_11pt, curve.positives))
        if curve.positives:
            hits = np.flatnonzero(np.diff(curve.recall, prepend=0.0) > 0)
            columns = (curve.recall, curve.precision, curve.scores)
            points += [CurvePoint(name, *(float(c[hit]) for c in columns)) for hit in hits]
    write_rows(folder / "ap_by_class.csv", ClassAp, aps)
    write_rows(folder / "pr_curves.csv", CurvePoint, points)


def write_confusion_of_largest(folder: Path, split: Split, classes: list[str]) -> None:
    """Write the true and the predicted class of each photo's largest object."""
    labels = zip(*(t["label"].to_pylist() for t in (split.truth, split.predictions)), strict=True)
    pairs = [ConfusedPair(classes[actual], classes[predicted]) for actual, predicted in labels]
    write_rows(folder / "confusion.csv", ConfusedPair, pairs)


def write_anchor_fit(folder: Path, model: Path, objects: pa.Table) -> None:
    """Write how the model's anchors fit the objects that it was trained on."""
    learnt = of_split(objects, "train")
    learnt = learnt.filter(pc.invert(learnt["ignore"]))
    boxes = box_columns(learnt)
    sizes_wh = np.stack([learnt["width"].to_numpy(), learnt["height"].to_numpy()], -1)
    image_size = read_spec(model / "model.json")[0].image_size
    scaled = boxes * (image_size / np.tile(sizes_wh, 2))
    best_iou = best_anchor_iou(scaled, _read_anchors(model / "anchors.npy"))
    write_rows(folder / "anchor_fit.csv", AnchorFit, anchor_fit(best_iou, boxes))
    sides = np.sqrt((scaled[:, 2:] - scaled[:, :2]).prod(1))
    fits = [ObjectFit(float(s), float(i)) for s, i in zip(sides, best_iou, strict=True)]
    write_rows(folder / "anchor_iou.csv", ObjectFit, fits)


def _read_anchors(path: Path) -> np.ndarray:
    anchors = read_array(path, "train the rung again")
    if anchors.ndim != 2 or anchors.shape[1] != 4 or not len(anchors):
        raise InputError(f"{path}: has the shape {anchors.shape}, not (A, 4); train the rung again")
    return anchors


def write_metrics(
    rung: str, splits: list[Split], scores: list[Scores], predictions: Predictions
) -> None:
    """Write and print the metrics, null where there was nothing to measure."""
    rounded = {
        split.name: {
            name: None if math.isnan(reached.metrics[name]) else round(reached.metrics[name], 5)
            for name in predictions.task.metrics
        }
        for split, reached in zip(splits, scores, strict=True)
    }
    # Equal runs differ in the third digit between kinds of processors; DVC shows numbers alone.
    processor = read_spec(MODELS / rung / "model.json")[0].processor
    content = {rung: rounded, "processor": processor}
    text = json.dumps(content, indent=2) + "\n"
    write_beside(METRICS / f"{rung}.json", lambda path: path.write_text(text))
    for split, reached in zip(splits, scores, strict=True):
        values = rounded[split.name].items()
        print(f"{rung} {split.name}: " + ", ".join(f"{key} {value}" for key, value in values))
        for key, (low, high) in reached.intervals.items():
            print(f"  {key}: {low:.5g} to {high:.5g} (95 % interval over the photos)")


if __name__ == "__main__":
    run_stage(main)
