"""Captures a rung's model as a torch program, for batches of any size."""

import copy
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from pipeline.inference.engines.pixel_network import PixelNetwork
from pipeline.inference.prepare import prepare_for_inference
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.rung import RungModel

# Not 1, which torch would take for the size of all batches.
_EXAMPLE_BATCH = 2


@dataclass(frozen=True)
class Program:
    """A captured network.

    Attributes:
        captured: takes `pixels` `(B, S, S, 3)` uint8 RGB.
        outputs: names of its outputs, in their order.
    """

    captured: ExportedProgram
    outputs: list[str]


@torch.no_grad()
def capture(model: RungModel, spec: ModelSpec) -> Program:
    """Return the program of a model, with normalisation inside and batch norms folded.

    Args:
        model: on the CPU, in evaluation mode; it stays as it is.
        spec: of the model.
    """
    ready = prepare_for_inference(copy.deepcopy(model), spec.image_size)
    for module in ready.modules():
        if hasattr(module, "inplace"):
            # In place, the exporter to ONNX takes twice as long to write the same graph.
            module.inplace = False  # type: ignore[assignment]
    network = PixelNetwork(ready, spec).eval()
    pixels = example_pixels(spec.image_size)
    with quiet():
        captured = torch.export.export(
            network, (pixels,), dynamic_shapes={"pixels": {0: Dim("batch")}}
        )
    return Program(captured, list(network(pixels)))


def example_pixels(side: int) -> Tensor:
    """Return black photos `(2, S, S, 3)`."""
    return torch.zeros(_EXAMPLE_BATCH, side, side, 3, dtype=torch.uint8)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what the exporters log and warn about their internals."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(level)
