"""`python -m benchmarks.engines`: which engine runs a rung fastest, and its metrics on val.

Milliseconds per photo from pixels to boxes, for torch as the model was trained, torch as
`Detector.load` prepares it, ONNX Runtime, OpenVINO in float32 and in its default precision, and
int8, compared with torchvision's ssdlite320 with random weights. Run it in a project whose rung is
trained; figures go to `benchmarks/results/engines.json`.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch

from benchmarks.label import peer_model
from benchmarks.measure import machine
from pipeline.data.inputs import Inputs, read_inputs
from pipeline.errors import InputError
from pipeline.export.export import Exporter
from pipeline.export.formats import export_path
from pipeline.export.parity import decoded, in_float32
from pipeline.export.photos import pixels_of
from pipeline.export.program import capture
from pipeline.export.quality import val_metrics
from pipeline.files import MODELS, PARAMS
from pipeline.inference.detector import Detector
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.engine import Engine
from pipeline.inference.engines.onnx_engine import OnnxEngine
from pipeline.inference.engines.openvino_engine import OpenVinoEngine
from pipeline.inference.engines.pixel_network import PixelNetwork
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.memory import keep_freed_memory
from pipeline.models.precision import autocast
from pipeline.params.params import PredictParams, load_params
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.rung import Outputs
from pipeline.rungs.saved_model import load_model
from pipeline.tasks import Task

RESULT = Path("benchmarks/results/engines.json")
PEER = "torchvision's ssdlite320, random weights"
BATCHES = (1, 32)
PEER_SIDE = 320


class AsTrained:
    """A model in torch whose batch norms are not folded."""

    def __init__(self, folder: Path):
        self.device = torch.device("cpu")
        model, self.spec = load_model(folder, self.device)
        self.network = PixelNetwork(model, self.spec)

    @torch.inference_mode()
    def run(self, pixels: np.ndarray) -> Outputs:
        """Return the outputs; see `Engine`."""
        with autocast(self.device, self.spec.precision):
            return self.network(torch.from_numpy(pixels))


@dataclass(frozen=True)
class Row:
    """The time and metrics of one engine.

    Attributes:
        name: as in the table.
        milliseconds: per photo, by batch size: median of the rounds, then each round.
        metrics: of val; empty for the peer.
    """

    name: str
    milliseconds: dict[int, list[float]]
    metrics: dict[str, float]


def engines(folder: Path, inputs: Inputs, decoding: PredictParams, work: Path) -> dict[str, Engine]:
    """Return every installed engine by name; its files are written to `work`."""
    model, spec = load_model(folder, torch.device("cpu"))
    program = capture(model, spec)
    exporter = Exporter(model, program, Description(spec, decoding), inputs, max_fall=1.0)
    found: dict[str, Engine] = {"torch, as trained": AsTrained(folder)}
    found["torch, folded"] = TorchEngine(*load_model(folder, torch.device("cpu")))
    fine, _ = load_model(folder, torch.device("cpu"))
    found["torch, folded, float32"] = TorchEngine(fine, in_float32(spec))
    makers: dict[str, dict[str, Callable[[Path], Engine]]] = {
        "onnx": {"ONNX Runtime": OnnxEngine},
        "openvino": {
            "OpenVINO, float32": lambda path: OpenVinoEngine(path, "float32"),
            "OpenVINO, precision its own choice": lambda path: OpenVinoEngine(path, "auto"),
        },
        "openvino-int8": {"OpenVINO, int8": OpenVinoEngine},
    }
    for form, of_form in makers.items():
        path = export_path(work, spec.rung, form)
        try:
            exporter.export(form, path)
        except InputError as error:
            print(f"left out: {error}")
            continue
        found |= {name: make(path) for name, make in of_form.items()}
    return found


def measure(
    runs: dict[str, Callable[[int], object]], batches: Sequence[int], rounds: int
) -> dict[str, dict[int, list[float]]]:
    """Return milliseconds per photo in each round; runs alternate, so a busy moment hits all."""
    taken: dict[str, dict[int, list[float]]] = {name: {} for name in runs}
    for batch in batches:
        repeats = max(1, 8 // batch)
        for turn in range(rounds + 1):
            for name, run in runs.items():
                start = time.perf_counter()
                for _ in range(repeats):
                    run(batch)
                spent = (time.perf_counter() - start) * 1000 / (repeats * batch)
                if turn:  # the first is to warm up
                    taken[name].setdefault(batch, []).append(round(spent, 3))
    return taken


def run_of(engine: Engine, pixels: np.ndarray, decoding: PredictParams) -> Callable[[int], object]:
    """Return a run that takes the first photos from pixels to boxes."""
    return lambda batch: decoded(engine.run(pixels[:batch]), engine.spec, decoding)


def run_of_peer() -> Callable[[int], object]:
    """Return a run of the peer on random photos."""
    model, images = peer_model(), torch.rand(max(BATCHES), 3, PEER_SIDE, PEER_SIDE)

    def run(batch: int) -> object:
        with torch.inference_mode():
            return model(list(images[:batch]))

    return run


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown; ratios are of the first row's time."""
    batches = list(rows[0].milliseconds)
    names = list(rows[0].metrics)
    heads = [f"ms a photo, batch {batch} | ratio" for batch in batches]
    lines = [f"| engine | {' | '.join([*heads, *names])} |"]
    lines.append("|---" * (1 + 2 * len(batches) + len(names)) + "|")
    for row in rows:
        cells = [row.name]
        for batch in batches:
            spent = median(row.milliseconds[batch])
            cells += [f"{spent:.2f}", f"{median(rows[0].milliseconds[batch]) / spent:.2f} x"]
        cells += [f"{row.metrics[name]:.4f}" if row.metrics else "" for name in names]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("--rung", default="ssd_fpn", help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    options = parser.parse_args()
    keep_freed_memory()
    folder, decoding = MODELS / options.rung, load_params(PARAMS).predict
    spec: ModelSpec = load_model(folder, torch.device("cpu"))[1]
    inputs = read_inputs(Task(spec.task))
    pixels = pixels_of(inputs, "val", spec.image_size, max(BATCHES))
    with tempfile.TemporaryDirectory() as work:
        by_name = engines(folder, inputs, decoding, Path(work))
        runs = {name: run_of(engine, pixels, decoding) for name, engine in by_name.items()}
        taken = measure(runs | {PEER: run_of_peer()}, BATCHES, options.rounds)
        metrics = {
            name: val_metrics(Detector(engine, decoding=decoding), inputs)
            for name, engine in by_name.items()
        }
    rows = [Row(name, taken[name], metrics.get(name, {})) for name in taken]
    result = {
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "rung": options.rung,
        "image_size": spec.image_size,
        "rows": [
            {"name": row.name, "milliseconds": row.milliseconds, "metrics": row.metrics}
            for row in rows
        ],
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
