"""The interface between a detector and whatever runs its network."""

from typing import Protocol

import numpy as np
import torch

from pipeline.inference.engines.description import Description
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.rung import Outputs


class Engine(Protocol):
    """Runs a network: pixels in, raw outputs out; decoding and suppression come after it."""

    @property
    def spec(self) -> ModelSpec:
        """What the network is."""

    @property
    def device(self) -> torch.device:
        """Where it runs."""

    def run(self, pixels: np.ndarray) -> Outputs:
        """Return the outputs of a rung's model for pixels `(B, S, S, 3)` uint8 RGB."""


class ExportedEngine(Engine, Protocol):
    """Runs a file, which also says how its outputs become labels."""

    @property
    def description(self) -> Description:
        """The file's metadata."""
