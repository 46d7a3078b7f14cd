"""Runs an exported OpenVINO model, float32 or int8, on the CPU."""

from pathlib import Path

import numpy as np
import torch

from pipeline.errors import InputError
from pipeline.inference.engines.description import Description, raw_spec
from pipeline.inference.engines.extra import needs_extra
from pipeline.inference.engines.own_digest import check_digest
from pipeline.inference.engines.signal_stack import keep_signal_stack
from pipeline.rungs.rung import Outputs

INFO = "detection_ladder"  # the name of our part of the file's metadata


class OpenVinoEngine:
    """A network in OpenVINO.

    Args:
        path: of the `.xml` file; the weights are next to it.
        precision: as in `ModelSpec`, that of the spec by default; `auto` lets OpenVINO compute in
            bfloat16 where the processor has units for it.

    Raises:
        InputError: it is damaged, not of this project, or OpenVINO is not installed.
    """

    def __init__(self, path: Path, precision: str | None = None):
        with needs_extra(str(path)):
            import openvino

        again = "export it again"
        if not path.with_suffix(".bin").is_file():
            raise InputError(f"{path}: no {path.stem}.bin with its weights beside it; {again}")
        check_digest(path, [path.with_suffix(".bin")])
        core = openvino.Core()
        try:
            model = core.read_model(path)
            held = model.get_rt_info([INFO]).value if model.has_rt_info([INFO]) else {}
            strings = {key: str(value) for key, value in held.items()}
        except (RuntimeError, ValueError) as error:  # its message may not be valid text
            raise InputError(f"{path}: not an OpenVINO model ({_reason(error)}); {again}") from None
        self.device = torch.device("cpu")
        self.description = Description.from_strings(strings, path)
        self.spec = raw_spec(self.description, path)
        settings: dict[str, str | int] = {"INFERENCE_NUM_THREADS": torch.get_num_threads()}
        if (precision or self.spec.precision) == "float32":
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        try:
            with keep_signal_stack():
                self._compiled = core.compile_model(model, "CPU", settings)
        except RuntimeError as error:
            raise InputError(f"{path}: does not run here ({_reason(error)}); {again}") from None
        self._names = [output.get_any_name() for output in self._compiled.outputs]

    def run(self, pixels: np.ndarray) -> Outputs:
        """Return the outputs; see `Engine`."""
        found = self._compiled([pixels], share_outputs=False)
        return {name: torch.from_numpy(found[name]) for name in self._names}


def _reason(error: Exception) -> str:
    """Return the last line; those before it name places in OpenVINO's sources."""
    return str(error).strip().rpartition("\n")[2]
