"""Which engine runs a model: that of the file's ending, torch for a folder."""

from collections.abc import Callable
from pathlib import Path

from pipeline.errors import InputError
from pipeline.inference.engines.engine import Engine
from pipeline.inference.engines.onnx_engine import OnnxEngine
from pipeline.inference.engines.openvino_engine import OpenVinoEngine
from pipeline.inference.engines.program_engine import ProgramEngine
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.models.device import choose_device
from pipeline.rungs.saved_model import load_model

_OF_FILES: dict[str, Callable[[Path], Engine]] = {
    ".onnx": OnnxEngine,
    ".xml": OpenVinoEngine,
    ".pt2": ProgramEngine,
}


def load_engine(source: Path, device: str) -> Engine:
    """Return what runs a model.

    Args:
        source: a folder that the train stage has left, or a file that `ladder export` has written.
        device: as `choose_device` takes it; files run on the CPU.

    Raises:
        InputError: there is no such model, it is damaged, or it does not run on this device.
    """
    of_file = _OF_FILES.get(source.suffix)
    if of_file is None or source.is_dir():
        model, spec = load_model(source, choose_device(device))
        return TorchEngine(model, spec)
    if not source.is_file():
        raise InputError(f"{source}: no such file; make it with `ladder export`")
    if device not in ("auto", "cpu"):
        raise InputError(f"{source}: runs on the CPU alone; on {device} use the rung's folder")
    return of_file(source)
