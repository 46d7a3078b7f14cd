"""Runs an exported torch program, which needs neither timm nor the code of its rung."""

import json
from pathlib import Path

import numpy as np
import torch

from pipeline.errors import InputError, first_line
from pipeline.inference.engines.description import Description, raw_spec
from pipeline.models.torch_file import check_parts
from pipeline.rungs.rung import Outputs

EXTRA_FILE = "detection_ladder.json"  # where the program holds its metadata


class ProgramEngine:
    """A network as `torch.export` has saved it, on the CPU, in float32.

    A program is bound to the dtypes it was captured with, so it cannot run in another precision.

    Args:
        path: of the `.pt2` file.

    Raises:
        InputError: it is damaged, or not of this project.
    """

    def __init__(self, path: Path):
        held = {EXTRA_FILE: ""}
        try:
            check_parts(path)
            program = torch.export.load(path, extra_files=held)
            strings = json.loads(held[EXTRA_FILE] or "{}")
        except Exception as error:  # its reader raises whatever a damaged archive leads to
            reason = first_line(error)
            raise InputError(f"{path}: not a torch program ({reason}); export it again") from None
        self.device = torch.device("cpu")
        self.description = Description.from_strings(strings, path)
        self.spec = raw_spec(self.description, path)
        self._network = program.module()

    @torch.inference_mode()
    def run(self, pixels: np.ndarray) -> Outputs:
        """Return the outputs; see `Engine`."""
        return self._network(torch.from_numpy(pixels))
