"""Stage `evaluate`: a trained rung looks at photos it has not learnt from."""

import argparse
import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from torch import nn

from pipeline.data.batches import Batches, Photos
from pipeline.data.inputs import PARAMS, TABLES, Inputs, read_inputs
from pipeline.errors import InputError
from pipeline.evaluate.bootstrap import Interval
from pipeline.predictions import predictions_table
from pipeline.evaluate.score import score_largest, score_objects
from pipeline.evaluate.voc_ap import VocResult
from pipeline.files import fresh_folder, write_beside
from pipeline.inference.detector import detect, prepare_for_inference
from pipeline.memory import keep_freed_memory
from pipeline.models.device import choose_device
from pipeline.params import Params, load_params
from pipeline.progress import progress
from pipeline.report.plot_csv import write_plot_csv
from pipeline.report.rung_pictures import draw, draw_anchors
from pipeline.rungs.registry import RUNGS, find_rung
from pipeline.rungs.saved_model import ModelSpec, load_model
from stages.entry import die_with_parent, run_stage

SPLITS = ("val", "test")
_DECODING = {"score_threshold", "nms_threshold", "max_detections"}


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
    evaluate(inputs, params, prepare_for_inference(model, card), card)


def evaluate(inputs: Inputs, params: Params, model: nn.Module, card: ModelSpec) -> None:
    """Predict every split that has photos, score it, and write all outputs of the rung."""
    name = inputs.rung.name
    tables, metrics, intervals, curves = [], {}, {}, {}
    for split in SPLITS:
        photos = inputs.photos(split)
        if not len(photos):
            continue
        predictions = predict(inputs, photos, params, model, card)
        metrics[split], intervals[split], curves[split] = score(inputs, photos, predictions, card)
        tables.append((split, photos, predictions))
    if not tables:
        raise InputError(
            f"{TABLES}: no photo in val or test for {name}; see fetch.split in params.yaml"
        )
    folders = Path("figures") / name, Path("plots") / name
    with fresh_folder(folders[0]) as figures, fresh_folder(folders[1]) as plots:
        draw(figures, plots, tables[0], inputs, params.evaluate, card, curves)
        write_intervals(plots / "intervals.csv", metrics, intervals)
        if hasattr(model, "anchors"):
            draw_anchors(figures, plots, inputs, model.anchors.cpu().numpy(), card.image_size)
    table = pa.concat_tables([predictions for _, _, predictions in tables])
    write_beside(Path("predictions") / f"{name}.parquet", lambda path: pq.write_table(table, path))
    text = json.dumps({name: metrics}, indent=2) + "\n"
    write_beside(Path("metrics") / f"{name}.json", lambda path: path.write_text(text))
    for split, values in metrics.items():
        print(f"{name} {split}: " + ", ".join(f"{key} {value}" for key, value in values.items()))
        for key, (low, high) in intervals[split].items():
            print(f"  {key}: {low:.5g} to {high:.5g} (95 % interval over the photos)")


def predict(
    inputs: Inputs, photos: Photos, params: Params, model: nn.Module, card: ModelSpec
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
    options = params.evaluate.model_dump(include=_DECODING)
    detections = []
    for batch in progress(source.epoch(0), total=len(source), desc=card.rung, unit="batches"):
        detections += detect(model, card, batch.images, **options)
    return predictions_table(
        inputs.images.take(photos.rows), detections, card.image_size, card.classes
    )


def score(
    inputs: Inputs, photos: Photos, predictions: pa.Table, card: ModelSpec
) -> tuple[dict[str, float | None], dict[str, Interval], VocResult | None]:
    """Return the rung's metrics, null where there was nothing to measure, intervals and curves."""
    objects, voc = inputs.objects_of(photos), None
    if inputs.rung.table == "largest":
        values, intervals = score_largest(objects, predictions)
    else:
        image_ids = inputs.images["image_id"].take(photos.rows).to_numpy()
        values, intervals, voc = score_objects(objects, predictions, image_ids, len(card.classes))
    rounded = {
        name: None if math.isnan(values[name]) else round(values[name], 5)
        for name in inputs.rung.metrics
    }
    return rounded, intervals, voc


def write_intervals(
    path: Path,
    metrics: dict[str, dict[str, float | None]],
    intervals: dict[str, dict[str, Interval]],
) -> None:
    """Write how far each metric depends on the photos it was measured on."""
    rows = [
        (split, name, metrics[split][name], round(low, 5), round(high, 5))
        for split, ends in intervals.items()
        for name, (low, high) in ends.items()
    ]
    write_plot_csv(path, ("split", "metric", "value", "low", "high"), rows)


if __name__ == "__main__":
    run_stage(main)
