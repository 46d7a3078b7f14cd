"""Runs a rung's own model with torch, on any device."""

import numpy as np
import torch

from pipeline.inference.engines.pixel_network import PixelNetwork
from pipeline.inference.even_padding import pad_evenly
from pipeline.inference.fused_activations import fuse_activations
from pipeline.inference.prepare import prepare_for_inference
from pipeline.models.precision import autocast
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.rung import Outputs, RungModel


class TorchEngine:
    """A model in torch.

    Args:
        model: on its device, in evaluation mode; it is changed in place, see
            `prepare_for_inference`.
        spec: of the model.
    """

    def __init__(self, model: RungModel, spec: ModelSpec):
        self.spec = spec
        self.device = next(model.parameters()).device
        prepared = prepare_for_inference(model, spec.image_size)
        if self.device.type == "cpu":  # GPUs have kernels of their own for 3 x 3 and 5 x 5
            prepared = fuse_activations(pad_evenly(prepared, spec.image_size), spec.image_size)
        self.network = PixelNetwork(prepared, spec)

    @torch.inference_mode()
    def run(self, pixels: np.ndarray) -> Outputs:
        """Return the outputs, on the model's device; see `Engine`."""
        with autocast(self.device, self.spec.precision):
            return self.network(torch.from_numpy(pixels).to(self.device))
