"""Chooses the engine of a model: by the ending of an exported file, torch for a folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.inference.engines.engine import Engine, ExportedEngine
from pipeline.inference.engines.onnx_engine import OnnxEngine
from pipeline.inference.engines.openvino_engine import OpenVinoEngine
from pipeline.inference.engines.program_engine import ProgramEngine
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.models.device import choose_device
from pipeline.reading.damage import naming_damage
from pipeline.rungs.registry import find_rung
from pipeline.rungs.saved_model import load_model

_OF_FILES: dict[str, Callable[[Path], ExportedEngine]] = {
    ".onnx": OnnxEngine,
    ".xml": OpenVinoEngine,
    ".pt2": ProgramEngine,
}


def load_engine(source: Path, device: str) -> Engine:
    """Return what runs a model.

    Args:
        source: a folder of the train stage, or a file of `ladder export`.
        device: see `choose_device`; exported files run on the CPU.

    Raises:
        InputError: there is no such model, it is damaged, or it does not run on this device.
    """
    if source.suffix not in _OF_FILES or source.is_dir():
        model, spec = load_model(source, choose_device(device))
        return TorchEngine(model, spec)
    if device not in ("auto", "cpu"):
        raise InputError(f"{source}: runs on the CPU only; on {device} use the rung's folder")
    return load_exported(source)


def load_exported(path: Path) -> ExportedEngine:
    """Return what runs a file of `ladder export`.

    Raises:
        InputError: there is no such file, it is damaged, or does not match its metadata.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; make it with `ladder export`")
    engine = _OF_FILES[path.suffix](path)
    _try_out(engine, path)
    return engine


def _try_out(engine: Engine, source: Path) -> None:
    """Run the file once: its network may not match its metadata.

    Raises:
        InputError: its outputs are not those of its rung.
    """
    spec, side = engine.spec, engine.spec.image_size
    try:
        rung = find_rung(spec.rung)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    with naming_damage(source, f"a {spec.rung} for {side} x {side} pixels", "export it again"):
        if spec.task != rung.task.value:
            raise ValueError(f"is for {rung.task.value}, not to {spec.task}")
        outputs = engine.run(np.zeros((1, side, side, 3), np.uint8))
        classes = outputs["cls_logits"].shape[-1] if rung.task.answers_class else len(spec.classes)
        if classes != len(spec.classes):
            raise ValueError(f"predicts {classes} classes and names {len(spec.classes)}")
        rung.decode(outputs, image_size=side, min_score=0, nms_threshold=0.5, max_detections=1)
