"""Stage `evaluate`: a trained rung looks at photos it has not learnt from."""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from torch import nn

from pipeline.data.batches import Batches, Photos
from pipeline.device import choose_device
from pipeline.errors import InputError
from pipeline.evaluate.anchor_fit import anchor_fit, anchor_picture, best_anchor_iou
from pipeline.evaluate.curves import history_curves, precision_recall
from pipeline.evaluate.detections import take
from pipeline.evaluate.error_kinds import find_errors
from pipeline.evaluate.error_report import write_error_report
from pipeline.evaluate.marks import marks_of
from pipeline.evaluate.photo_grid import photo_grid
from pipeline.evaluate.plot_csv import write_plot_csv
from pipeline.evaluate.predictions import (
    as_detections,
    as_truth,
    box_columns,
    predictions_table,
)
from pipeline.evaluate.score import score_largest, score_objects
from pipeline.evaluate.voc_ap import VocResult
from pipeline.evaluate.worst_photos import worst_photos
from pipeline.ladder import RUNGS, find_rung
from pipeline.ladder.store import ModelCard, load_model
from pipeline.memory import keep_freed_memory
from pipeline.params import EvaluateParams, Params, load_params
from pipeline.precision import autocast
from pipeline.progress import progress
from stages.entry import die_with_parent, run_stage
from stages.inputs import PARAMS, TABLES, Inputs, read_inputs
from stages.replace import fresh_folder, write_beside

SPLITS = ("val", "test")
_WORST_PHOTOS = 12


def main() -> None:
    """Score the rung named on the command line; write predictions, metrics, figures and plots."""
    parser = argparse.ArgumentParser(prog="python -m stages.evaluate", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG", help=", ".join(rung.name for rung in RUNGS))
    rung = find_rung(parser.parse_args().rung)
    params = load_params(PARAMS)
    die_with_parent()
    keep_freed_memory()
    inputs = read_inputs(rung)
    model, card = load_model(Path("models") / rung.name, choose_device(params.train.shared.device))
    if card.classes != inputs.classes:
        raise InputError(f"models/{rung.name}: learnt other classes than the tables; train again")
    evaluate(inputs, params, model, card)


def evaluate(inputs: Inputs, params: Params, model: nn.Module, card: ModelCard) -> None:
    """Predict every split that has photos, score it, and write all outputs of the rung."""
    name = inputs.rung.name
    tables, metrics, curves = [], {}, {}
    for split in SPLITS:
        photos = inputs.photos(split)
        if not len(photos):
            continue
        predictions = predict(inputs, photos, params, model, card)
        metrics[split], curves[split] = score(inputs, photos, predictions, card)
        tables.append((split, photos, predictions))
    if not tables:
        raise InputError(
            f"{TABLES}: no photo in val or test for {name}; see fetch.split in params.yaml"
        )
    folders = Path("figures") / name, Path("plots") / name
    with fresh_folder(folders[0]) as figures, fresh_folder(folders[1]) as plots:
        draw(figures, plots, tables[0], inputs, params.evaluate, card, curves)
        if hasattr(model, "anchors"):
            draw_anchors(figures, plots, inputs, model.anchors.cpu().numpy(), card.image_size)
    table = pa.concat_tables([predictions for _, _, predictions in tables])
    write_beside(Path("predictions") / f"{name}.parquet", lambda path: pq.write_table(table, path))
    text = json.dumps({name: metrics}, indent=2) + "\n"
    write_beside(Path("metrics") / f"{name}.json", lambda path: path.write_text(text))
    for split, values in metrics.items():
        print(f"{name} {split}: " + ", ".join(f"{key} {value}" for key, value in values.items()))


@torch.no_grad()
def predict(
    inputs: Inputs, photos: Photos, params: Params, model: nn.Module, card: ModelCard
) -> pa.Table:
    """Return what the model says of each photo, in the order of the tables."""
    source = Batches(
        photos,
        image_size=card.image_size,
        batch_size=params.train.shared.batch_size,
        mean=card.mean,
        std=card.std,
        device=next(model.parameters()).device,
    )
    options = params.evaluate
    detections = []
    for batch in progress(source.epoch(0), total=len(source), desc=card.rung, unit="batches"):
        with autocast(batch.images.device, card.precision):
            outputs = model(batch.images)
        detections += inputs.rung.family().detect(
            outputs,
            image_size=card.image_size,
            score_threshold=options.score_threshold,
            nms_threshold=options.nms_threshold,
            max_detections=options.max_detections,
        )
    return predictions_table(
        inputs.images.take(photos.rows), detections, card.image_size, card.classes
    )


def score(
    inputs: Inputs, photos: Photos, predictions: pa.Table, card: ModelCard
) -> tuple[dict[str, float | None], VocResult | None]:
    """Return the rung's metrics, null where there was nothing to measure, and its curves."""
    objects, voc = objects_of(inputs, photos), None
    if inputs.rung.table == "largest":
        values = score_largest(objects, predictions, card.image_size)
    else:
        values, voc = score_objects(objects, predictions, len(card.classes))
    return {
        name: None if math.isnan(values[name]) else round(values[name], 5)
        for name in inputs.rung.metrics
    }, voc


def objects_of(inputs: Inputs, photos: Photos) -> pa.Table:
    """Return the rows of the table of objects that belong to these photos."""
    ids = inputs.images["image_id"].take(photos.rows)
    return inputs.objects.filter(pc.is_in(inputs.objects["image_id"], ids))


def draw(
    figures: Path,
    plots: Path,
    predicted: tuple[str, Photos, pa.Table],
    inputs: Inputs,
    options: EvaluateParams,
    card: ModelCard,
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
    truth, detections = as_truth(objects_of(inputs, photos)), as_detections(predictions)
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


def read_history(path: Path) -> list[dict]:
    """Return the rows that training wrote, one for each epoch."""
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    run_stage(main)
