"""Labelling with a detector: JPEGs in, boxes out, beside the network alone."""

import numpy as np

from benchmarks.gpu.project import PHOTOS
from benchmarks.gpu.results import Results
from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import in_turn
from benchmarks.gpu.trainee import trainee
from pipeline.inference.detector import Detector
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.rungs.registry import find_rung
from stages.train import model_spec

RUNG = "ssd_fpn"
BATCHES = (32, 128)


def measure(results: Results, size: Size, seconds: float) -> None:
    """Add photos per second for each size of batch; the head has random weights, so few boxes."""
    mine = trainee(RUNG)
    spec = model_spec(find_rung(RUNG), mine.params, mine.classes)
    paths = sorted((PHOTOS / "images").iterdir())[: size.labelled]
    engine = TorchEngine(mine.model.eval(), spec)
    for batch in BATCHES:
        detector = Detector(engine, batch_size=batch)
        pixels = np.zeros((batch, spec.image_size, spec.image_size, 3), np.uint8)
        batches = max(1, len(paths) // batch)

        def whole(detector: Detector = detector) -> None:
            detector.predict(paths)

        def network(pixels: np.ndarray = pixels, batches: int = batches) -> None:
            for _ in range(batches):
                engine.run(pixels)

        detector.predict(paths[: 2 * batch])
        of_whole, of_network = in_turn(1, whole, network)
        results.add(
            "label",
            {
                "rung": RUNG,
                "side": spec.image_size,
                "batch": batch,
                "photos_per_s": round(len(paths) / of_whole, 1),
                "network_per_s": round(batches * batch / of_network, 1),
            },
        )
