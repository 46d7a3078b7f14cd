"""Stage `evaluate`: measure a rung's predictions against the labels."""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.evaluate.anchor_fit import AnchorFit, anchor_fit, best_anchor_iou
from pipeline.evaluate.result_files import EpochDetection, ObjectFit, write_csv, write_rows
from pipeline.evaluate.score import Scores, Split, score_split, splits_of
from pipeline.evaluate.write_results import (
    write_confusion_of_largest,
    write_intervals,
    write_objects,
)
from pipeline.files import (
    EVALUATION,
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


def main() -> None:
    """Score the rung named on the command line; write metrics/RUNG.json and evaluation/RUNG."""
    parser = argparse.ArgumentParser(prog="python -m stages.evaluate", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG", help="a name from the `train` section")
    rung = parser.parse_args().rung
    predictions, images, truth = read_inputs(rung)
    splits = splits_of(predictions, images, truth)
    if not splits:
        raise InputError(
            f"{TABLES}: no photo in val or test for {rung}; see fetch.split in params.yaml"
        )
    classes, task = predictions.classes, predictions.task
    scores = [score_split(split, task, len(classes)) for split in splits]
    with fresh_folder(EVALUATION / rung) as folder:
        write_intervals(folder, splits, scores, len(classes))
        epochs = read_history(MODELS / rung / "history.jsonl")
        write_history(folder, epochs)
        if any(row["found"] for row in epochs):
            write_found_by_epoch(folder, epochs, splits[0].images)
        if task.every_object:
            write_objects(folder, splits[0], scores[0], classes)
        elif task.answers_class:
            write_confusion_of_largest(folder, splits[0], classes)
        if (MODELS / rung / "anchors.npy").is_file():
            write_anchor_fit(folder, MODELS / rung, truth)
    write_metrics(rung, splits, scores, predictions)


def read_inputs(rung: str) -> tuple[Predictions, pa.Table, pa.Table]:
    """Return a rung's predictions, the photos and the truth that its task is measured by.

    Raises:
        InputError: a file is missing or damaged, or the predictions have other classes.
    """
    predictions = read_predictions(PREDICTIONS / f"{rung}.parquet")
    images = read_table(TABLES / "images.parquet", SCHEMAS["images"])
    table = predictions.task.table
    truth = read_table(TABLES / f"{table}.parquet", SCHEMAS[table])
    if predictions.classes != read_classes(images):
        raise InputError(
            f"{PREDICTIONS / rung}.parquet: has other classes than the tables; "
            "run train and predict"
        )
    return predictions, images, truth


def write_history(folder: Path, epochs: list[EpochRow]) -> None:
    """Write one row per epoch: epoch, phase, the head's lr, and train_* and val_* figures."""
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
        folder: to write into.
        epochs: of the rung's training.
        photos: of val, in the order that the training read them in.
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
    """Write and print the metrics; null if there was nothing to measure."""
    rounded = {
        split.name: {
            name: None if math.isnan(reached.metrics[name]) else round(reached.metrics[name], 5)
            for name in predictions.task.metrics
        }
        for split, reached in zip(splits, scores, strict=True)
    }
    # Recorded because the third digit depends on it. DVC shows only the numbers.
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
