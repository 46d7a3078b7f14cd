"""Runs an exported ONNX file with ONNX Runtime, on the CPU."""

from pathlib import Path

import numpy as np
import torch

from pipeline.errors import InputError, first_line
from pipeline.inference.engines.description import Description, raw_spec
from pipeline.inference.engines.extra import needs_extra
from pipeline.inference.engines.own_digest import check_digest
from pipeline.rungs.rung import Outputs

INPUT = "pixels"


class OnnxEngine:
    """A network in ONNX Runtime.

    Args:
        path: of the file.

    Raises:
        InputError: it is damaged, not of this project, or ONNX Runtime is not installed.
    """

    def __init__(self, path: Path):
        with needs_extra(str(path)):
            import onnxruntime

        check_digest(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
            metadata = self._session.get_modelmeta().custom_metadata_map
        except Exception as error:  # it has a dozen types of its own for damaged files
            reason = first_line(error)
            raise InputError(f"{path}: not an ONNX file ({reason}); export it again") from None
        self.device = torch.device("cpu")
        self.description = Description.from_strings(metadata, path)
        self.spec = raw_spec(self.description, path)
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, pixels: np.ndarray) -> Outputs:
        """Return the outputs; see `Engine`."""
        values = self._session.run(self._names, {INPUT: pixels})
        return dict(zip(self._names, map(torch.from_numpy, values), strict=True))
