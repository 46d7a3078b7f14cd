"""Stage `predict`: run the network once over val and test and write its detections."""

import argparse

from pipeline.data.pixel_store import open_pixel_store
from pipeline.errors import InputError
from pipeline.files import MODELS, PARAMS, PIXELS, PREDICTIONS, TABLES, write_beside
from pipeline.inference.detector import Detector
from pipeline.inference.predict_photos import predict_photos
from pipeline.params.params import load_params
from pipeline.reading.parquet_file import write_parquet
from pipeline.repair.finished_training import checkpoint_folder, forget
from pipeline.rungs.registry import RUNGS, find_rung
from pipeline.schemas import SCHEMAS, read_classes, read_table
from stages.entry import run_stage


def main() -> None:
    """Run the rung named on the command line over val and test; write predictions/RUNG.parquet."""
    parser = argparse.ArgumentParser(prog="python -m stages.predict", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG", help=", ".join(rung.name for rung in RUNGS))
    rung = find_rung(parser.parse_args().rung)
    params = load_params(PARAMS)
    forget(checkpoint_folder(rung.name))  # DVC runs this once it has recorded the model
    images = read_table(TABLES / "images.parquet", SCHEMAS["images"])
    pixels = open_pixel_store(PIXELS, len(images))
    model = MODELS / rung.name
    detector = Detector.load(model, device=params.train.shared.device, decoding=params.predict)
    if detector.classes != read_classes(images):
        raise InputError(f"{model}: was trained on other classes than the tables; train again")
    table = predict_photos(detector, images, pixels)
    path = PREDICTIONS / f"{rung.name}.parquet"
    write_beside(path, lambda beside: write_parquet(table, beside))
    print(f"{path}: {len(table)} detections")


if __name__ == "__main__":
    run_stage(main)
