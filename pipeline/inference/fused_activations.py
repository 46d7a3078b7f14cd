"""Convolutions that apply the activation after them themselves, which saves a pass over the map."""

from typing import TypeVar

import torch
from torch import Tensor, nn

from pipeline.inference.layer_pairs import layer_pairs

Model = TypeVar("Model", bound=nn.Module)

# oneDNN's names, and their arguments.
_ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
    nn.SiLU: ("swish", []),
    nn.Hardswish: ("hardswish", []),
}


@torch.no_grad()
def fuse_activations(model: Model, image_size: int) -> Model:
    """Return `model`, changed in place so that convolutions apply their activations on a CPU.

    A CPU waits for memory when it reads and writes a whole map for as little as a minimum
    (`docs/performance.md` has the speed-up).

    Args:
        model: on the CPU, in evaluation mode.
        image_size: side S of its input, in pixels.
    """
    if not torch.backends.mkldnn.is_available():
        return model
    pairs = layer_pairs(model, image_size, nn.Conv2d, tuple(_ACTIVATIONS))
    for conv_name, activation_name in pairs:
        conv = model.get_submodule(conv_name)
        activation = model.get_submodule(activation_name)
        # Subclasses, such as timm's Conv2dSame, do more before or after.
        if type(conv) is nn.Conv2d and type(activation) in _ACTIVATIONS and _plain_padding(conv):
            model.set_submodule(conv_name, FusedConv(conv, activation))
            model.set_submodule(activation_name, nn.Identity())
    return model


def _plain_padding(conv: nn.Conv2d) -> bool:
    return conv.padding_mode == "zeros" and not isinstance(conv.padding, str)


class FusedConv(nn.Module):
    """Returns `activation(conv(inputs))` on a CPU; no gradient goes through it.

    Args:
        conv: with numbers as its padding.
        activation: one of those that oneDNN knows.
    """

    def __init__(self, conv: nn.Conv2d, activation: nn.Module):
        super().__init__()
        self.conv = conv
        self.activation = activation
        self._fused = _ACTIVATIONS[type(activation)]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return `(B, channels, rows, columns)` in autocast's precision or that of the inputs."""
        autocast = torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu") if autocast else inputs.dtype
        if not _has_operation(dtype):
            return self.activation(self.conv(inputs))
        conv = self.conv
        return torch.ops.mkldnn._convolution_pointwise(
            inputs.to(dtype),
            conv.weight.to(dtype),
            None if conv.bias is None else conv.bias.to(dtype),
            conv.padding,
            conv.stride,
            conv.dilation,
            conv.groups,
            *self._fused,
            "",
        )


def _has_operation(dtype: torch.dtype) -> bool:
    in_bfloat16 = dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return dtype == torch.float32 or in_bfloat16
