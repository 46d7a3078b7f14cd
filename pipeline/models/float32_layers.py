"""Step 5: which layers a CPU computes in float32 when the rest of the model is in bfloat16."""

import torch
from torch import Tensor, nn


class _Float32(nn.Module):
    """Goes before a layer's own class: its forward pass leaves autocast."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return what the layer makes of `inputs`."""
        learns = torch.is_grad_enabled() and self.weight.requires_grad
        if inputs.device.type != "cpu" or not learns:
            return super().forward(inputs)
        with torch.autocast("cpu", enabled=False):
            return super().forward(inputs.float())


def keep_float32(model: nn.Module) -> nn.Module:
    """Return `model`, some of whose layers learn in float32 on a CPU; weights keep their names.

    With bfloat16 units a CPU computes everything else in half the time, but the gradients of
    depthwise convolutions and group norms in three to eight times the time
    (`docs/performance.md`). The gradient of a strided convolution over a map of one cell is not
    even finite there (seen with torch 2.14.1).
    """
    for layer in list(model.modules()):
        if isinstance(layer, nn.GroupNorm) or _is_depthwise_or_strided(layer):
            own = type(layer)
            layer.__class__ = type(own.__name__, (_Float32, own), {})
    return model


def _is_depthwise_or_strided(layer: nn.Module) -> bool:
    if not isinstance(layer, nn.Conv2d):
        return False
    return layer.groups > 1 or (max(layer.stride) > 1 and max(layer.kernel_size) > 1)
