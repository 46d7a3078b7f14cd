"""Stage `predict`: the network runs once over val and test, and its detections are written."""

import argparse

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.data.pixel_store import open_pixel_store
from pipeline.errors import InputError
from pipeline.files import MODELS, PARAMS, PIXELS, PREDICTIONS, TABLES, write_beside
from pipeline.inference.detector import Detector
from pipeline.memory import keep_freed_memory
from pipeline.params import load_params
from pipeline.predictions import predictions_table
from pipeline.progress import progress
from pipeline.rungs.registry import RUNGS, find_rung
from pipeline.schemas import SCHEMAS, read_classes, read_table
from pipeline.tasks import Task
from stages.entry import die_with_parent, run_stage


def main() -> None:
    """Run the rung named on the command line over val and test; write predictions/RUNG.parquet."""
    parser = argparse.ArgumentParser(prog="python -m stages.predict", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG", help=", ".join(rung.name for rung in RUNGS))
    rung = find_rung(parser.parse_args().rung)
    params = load_params(PARAMS)
    die_with_parent()
    keep_freed_memory()
    images = read_table(TABLES / "images.parquet", SCHEMAS["images"])
    detector = Detector.load(
        MODELS / rung.name, params.train.shared.device, **params.predict.model_dump()
    )
    if detector.spec.classes != read_classes(images):
        raise InputError(f"{MODELS / rung.name}: learnt other classes than the tables; train again")
    table = predict(detector, images, open_pixel_store(PIXELS))
    path = PREDICTIONS / f"{rung.name}.parquet"
    write_beside(path, lambda beside: pq.write_table(table, beside))
    print(f"{path}: {len(table)} detections in {len(pc.unique(table['image_id']))} photos")


def predict(detector: Detector, images: pa.Table, pixels: np.ndarray) -> pa.Table:
    """Return the predictions table of all photos that are not in train."""
    rows = np.flatnonzero(pc.not_equal(images["split"].cast(pa.string()), "train").to_numpy())
    photos = images.take(rows)
    sizes = list(zip(photos["width"].to_pylist(), photos["height"].to_pylist(), strict=True))
    found = detector.stream([pixels[row] for row in rows], sizes)
    name = detector.spec.rung
    detections = list(progress(found, total=len(rows), desc=name, unit="photos"))
    return predictions_table(
        photos,
        [one.boxes for one in detections],
        [one.labels for one in detections],
        [one.scores for one in detections],
        classes=detector.spec.classes,
        task=Task(detector.spec.task),
    )


if __name__ == "__main__":
    run_stage(main)
