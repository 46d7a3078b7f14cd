"""Stage `predict`: the network runs once over val and test, and its detections are written."""

import argparse

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.data.pixel_store import Pixels, open_pixel_store
from pipeline.errors import InputError
from pipeline.files import MODELS, PARAMS, PIXELS, PREDICTIONS, TABLES, write_beside
from pipeline.inference.detector import Detector
from pipeline.memory import keep_freed_memory
from pipeline.params.params import load_params
from pipeline.predictions import predictions_table
from pipeline.progress import progress
from pipeline.reading.parquet_file import write_parquet
from pipeline.repair.finished_training import checkpoint_folder, forget
from pipeline.rungs.registry import RUNGS, find_rung
from pipeline.schemas import SCHEMAS, read_classes, read_table
from pipeline.tasks import Task
from stages.entry import run_stage


def main() -> None:
    """Run the rung named on the command line over val and test; write predictions/RUNG.parquet."""
    parser = argparse.ArgumentParser(prog="python -m stages.predict", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG", help=", ".join(rung.name for rung in RUNGS))
    rung = find_rung(parser.parse_args().rung)
    params = load_params(PARAMS)
    forget(checkpoint_folder(rung.name))  # DVC has recorded the model, or this would not run
    images = read_table(TABLES / "images.parquet", SCHEMAS["images"])
    pixels = open_pixel_store(PIXELS, len(images))
    model = MODELS / rung.name
    detector = Detector.load(model, device=params.train.shared.device, decoding=params.predict)
    if detector.classes != read_classes(images):
        raise InputError(f"{model}: learnt other classes than the tables; train again")
    table = predict(detector, images, pixels)
    path = PREDICTIONS / f"{rung.name}.parquet"
    write_beside(path, lambda beside: write_parquet(table, beside))
    print(f"{path}: {len(table)} detections")


def predict(detector: Detector, images: pa.Table, pixels: Pixels) -> pa.Table:
    """Return the predictions table of all photos that are not in train, in their order.

    Args:
        detector: of any rung.
        images: `P` rows of the `images` table.
        pixels: the pixel store, `(P, S, S, 3)` uint8, in the order of `images`.

    Raises:
        InputError: every photo is in train.
    """
    rows = np.flatnonzero(pc.not_equal(images["split"].cast(pa.string()), "train").to_numpy())
    if not len(rows):
        raise InputError(
            f"{TABLES}: no photo in val or test to predict; see fetch.split in params.yaml"
        )
    keep_freed_memory()
    photos = images.take(rows)
    sizes_wh = zip(photos["width"].to_pylist(), photos["height"].to_pylist(), strict=True)
    found = detector.stream((pixels[int(row)] for row in rows), sizes_wh)
    watched = progress(found, total=len(rows), desc=detector.spec.rung, unit="photos")
    detections = list(watched)
    return predictions_table(
        photos,
        [one.boxes for one in detections],
        [one.labels for one in detections],
        [one.scores for one in detections],
        classes=detector.classes,
        task=Task(detector.spec.task),
    )


if __name__ == "__main__":
    run_stage(main)
