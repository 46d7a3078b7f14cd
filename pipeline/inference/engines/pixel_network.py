"""A rung's model with the normalisation of pixels in front of it."""

import torch
from torch import Tensor, nn

from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.rung import Outputs, RungModel


class PixelNetwork(nn.Module):
    """Takes pixels as decoders return them, so that no caller can normalise them wrongly.

    Args:
        model: in evaluation mode.
        spec: of the model.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: RungModel, spec: ModelSpec):
        super().__init__()
        self.model = model
        device = next(model.parameters()).device
        for name, values in (("mean", spec.mean), ("std", spec.std)):
            self.register_buffer(name, torch.tensor(values, device=device).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Outputs:
        """Return the model's outputs for pixels `(B, S, S, 3)` uint8 RGB."""
        images = pixels.permute(0, 3, 1, 2).float()
        return self.model(images.div_(255).sub_(self.mean).div_(self.std))
