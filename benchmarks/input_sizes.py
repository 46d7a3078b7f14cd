"""`python -m benchmarks.input_sizes`: what a larger input of the same weights costs and gains.

Run it in a project whose rung is trained. The photos of its val are labelled from their files at
each size, which gives the speed, and the boxes are compared with the truth.
"""

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from benchmarks.measure import machine
from pipeline.data.inputs import Inputs, read_inputs
from pipeline.evaluate.score import score_objects
from pipeline.files import MODELS, SOURCE
from pipeline.inference.detections import Detections
from pipeline.inference.detector import Detector
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.memory import keep_freed_memory
from pipeline.params.params import PredictParams
from pipeline.predictions import predictions_table
from pipeline.rungs.saved_model import load_model
from pipeline.schemas import of_split
from pipeline.tasks import Task

RESULT = Path("benchmarks/results/input_sizes.json")
SIZES = (256, 288, 320, 352, 384, 416, 448)
DECODING = PredictParams(min_score=0.01, nms_threshold=0.5, max_detections=100)
REPEATS = 3


@dataclass(frozen=True)
class AtSize:
    """How fast and how good a model is at a size of its input."""

    size: int
    photos_per_second: float
    voc_map_50: float
    coco_map: float


def at_size(model: Path, size: int, inputs: Inputs) -> AtSize:
    """Return speed and metrics on val of a model folder whose input is `size` x `size` pixels."""
    network, spec = load_model(model, torch.device("cpu"))
    engine = TorchEngine(network, replace(spec, image_size=size))
    detector = Detector(engine, decoding=DECODING)
    photos = of_split(inputs.images, "val")
    files = [SOURCE / photo for photo in photos["photo"].to_pylist()]
    found, seconds = _timed(detector, files)
    predictions = predictions_table(photos, found, classes=detector.classes, task=Task.DETECT)
    truth, ids = of_split(inputs.objects, "val"), photos["image_id"].to_numpy()
    metrics = score_objects(truth, predictions, ids, len(detector.classes)).metrics
    return AtSize(size, len(files) / seconds, metrics["voc_map_50"], metrics["coco_map"])


def _timed(detector: Detector, files: Sequence[Path]) -> tuple[list[Detections], float]:
    """Return the detections and the median of the seconds."""
    detector.predict(files[: detector.batch_size])  # warm
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = detector.predict(files)
        times.append(time.perf_counter() - start)
    return found, statistics.median(times)


def main() -> None:
    """Measure all sizes, print them as Markdown and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.input_sizes", description=__doc__)
    parser.add_argument("--model", type=Path, default=MODELS / "ssd_fpn", help="(models/ssd_fpn)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="in pixels")
    options = parser.parse_args()
    keep_freed_memory()
    inputs = read_inputs(Task.DETECT)
    print("| pixels | photos/s | mAP@.5 | COCO mAP |\n|--:|--:|--:|--:|", flush=True)
    rows = []
    for size in options.sizes:
        row = at_size(options.model, size, inputs)
        rows.append(asdict(row))
        scores = f"{row.voc_map_50:.3f} | {row.coco_map:.3f}"
        print(f"| {size} | {row.photos_per_second:.1f} | {scores} |", flush=True)
    content = {"machine": machine(), "model": str(options.model), "rows": rows}
    RESULT.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
