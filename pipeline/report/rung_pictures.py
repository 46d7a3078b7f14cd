"""The pictures of stage `evaluate`, and the same numbers as tables for `dvc plots`."""

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.data.batches import Photos
from pipeline.data.inputs import Inputs
from pipeline.evaluate.anchor_fit import anchor_fit, anchor_picture, best_anchor_iou
from pipeline.evaluate.detections import as_detections, as_truth, take
from pipeline.evaluate.error_kinds import find_errors
from pipeline.evaluate.voc_ap import VocResult
from pipeline.evaluate.worst_photos import worst_photos
from pipeline.params import EvaluateParams
from pipeline.report.curves import history_curves, precision_recall
from pipeline.report.error_report import write_error_report
from pipeline.report.marks import marks_of
from pipeline.report.photo_grid import photo_grid
from pipeline.report.plot_csv import write_plot_csv
from pipeline.rungs.saved_model import ModelSpec
from pipeline.schemas import box_columns
from pipeline.train.history import read_history

_WORST_PHOTOS = 12


def draw(
    figures: Path,
    plots: Path,
    predicted: tuple[str, Photos, pa.Table],
    inputs: Inputs,
    options: EvaluateParams,
    card: ModelSpec,
    curves: dict[str, VocResult | None],
) -> None:
    """Write the rung's pictures, and the same numbers as tables for `dvc plots`."""
    split, photos, predictions = predicted
    rows = photos.rows[: options.grid_photos]
    draw_photos(
        figures / f"{split}_grid.png",
        rows,
        predictions,
        inputs,
        options,
        title=f"{card.rung}: what it sees in photos it has not learnt from",
        captions=inputs.images["file_name"].take(rows).to_pylist(),
    )
    history = read_history(Path("models") / card.rung / "history.jsonl")
    history_curves(figures / "history.png", history, card.rung)
    write_plot_csv(
        plots / "history.csv",
        ("epoch", "train_loss", "val_loss", "lr"),
        [(row["epoch"], row["train"]["loss"], row["val"]["loss"], row["lr"]) for row in history],
    )
    voc = curves[split]
    if voc:
        draw_objects(figures, plots, predicted, inputs, options, voc)


def draw_objects(
    figures: Path,
    plots: Path,
    predicted: tuple[str, Photos, pa.Table],
    inputs: Inputs,
    options: EvaluateParams,
    voc: VocResult,
) -> None:
    """Write what is to be said of rungs that answer for all objects: curves and errors."""
    split, photos, predictions = predicted
    names, title = inputs.classes, f"{inputs.rung.name}, {split}"
    precision_recall(figures / "pr_curves.png", voc, names, title)
    write_plot_csv(
        plots / "ap_by_class.csv",
        ("class", "ap", "ap_11pt", "objects"),
        [
            (name, round(curve.ap, 5), round(curve.ap_11pt, 5), curve.positives)
            for name, curve in zip(names, voc.curves, strict=True)
        ],
    )
    truth, detections = as_truth(inputs.objects_of(photos)), as_detections(predictions)
    write_error_report(
        figures,
        plots,
        truth,
        detections,
        names=names,
        lowest_score=options.grid_score,
        title=f"{title}: mAP@.5 {voc.mean_ap:.3f}",
    )
    # As on the picture: what is found with a lower score only is missed.
    drawn = take(detections, detections.scores >= options.grid_score)
    images = inputs.images.take(photos.rows)
    worst = worst_photos(
        find_errors(truth, drawn, len(names)), images["image_id"].to_numpy(), _WORST_PHOTOS
    )
    files = images["file_name"].to_pylist()
    draw_photos(
        figures / f"{split}_worst.png",
        photos.rows[[place for place, _ in worst]],
        predictions,
        inputs,
        options,
        title=f"{title}: the photos with the most errors",
        captions=[f"{files[place]}\n{words}" for place, words in worst],
    )


def draw_anchors(
    figures: Path, plots: Path, inputs: Inputs, anchors: np.ndarray, image_size: int
) -> None:
    """Write how the anchors fit the objects that the rung learns from."""
    learnt = inputs.objects.filter(
        pc.and_(pc.equal(inputs.objects["split"], "train"), pc.invert(inputs.objects["ignore"]))
    )
    boxes = box_columns(learnt)
    sizes_wh = np.stack([learnt["width"].to_numpy(), learnt["height"].to_numpy()], -1)
    scaled = boxes * (image_size / np.tile(sizes_wh, 2))
    best_iou = best_anchor_iou(scaled, anchors)
    fits = anchor_fit(best_iou, boxes)
    title = f"{inputs.rung.name}: {len(anchors)} anchors and the objects of train"
    sides = np.sqrt((scaled[:, 2:] - scaled[:, :2]).prod(1))
    anchor_picture(figures / "anchors.png", fits, best_iou, sides, title)
    write_plot_csv(
        plots / "anchor_fit.csv",
        ("size", "objects", "fitting", "mean_iou"),
        [(fit.size, fit.objects, round(fit.fitting, 5), round(fit.mean_iou, 5)) for fit in fits],
    )


def draw_photos(
    path: Path,
    rows: np.ndarray,
    predictions: pa.Table,
    inputs: Inputs,
    options: EvaluateParams,
    *,
    title: str,
    captions: list[str],
) -> None:
    """Draw the photos in these rows of the tables, with truth and predictions."""
    images = inputs.images.take(rows)
    columns = min(4, len(rows))
    single = inputs.rung.table == "largest"
    truths, predicted = [], []
    for image_id in images["image_id"].to_pylist():
        truths.append(marks_of(inputs.objects, image_id))
        lowest_score = 0.0 if single else options.grid_score
        predicted.append(marks_of(predictions, image_id, lowest_score))
    photo_grid(
        path,
        [inputs.pixels[row] for row in rows],
        truths,
        predicted,
        names=inputs.classes,
        title=title,
        single=single,
        captions=captions,
        sizes_wh=list(zip(images["width"].to_pylist(), images["height"].to_pylist(), strict=True)),
        rows=math.ceil(len(rows) / columns),
        columns=columns,
    )
