"""Depthwise convolutions that pad unevenly, made to pad evenly, which needs no padded copy."""

from typing import TypeVar

import torch
import torch.nn.functional as F
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn

Model = TypeVar("Model", bound=nn.Module)


@torch.no_grad()
def pad_evenly(model: Model, image_size: int) -> Model:
    """Return `model`, changed in place to the same outputs without copies for padding.

    TensorFlow's padding "same" adds a row and a column more at the end than at the start where a
    stride of 2 meets an even side, and torch only pads evenly by itself. A row and a column of
    zeros in front of the kernel have the same effect. In other than depthwise convolutions,
    multiplying by them would take longer than the copy (`docs/performance.md` has the speed-up).

    Args:
        model: in evaluation mode.
        image_size: side S of its input, in pixels.
    """
    uneven: dict[str, nn.Conv2d] = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, Conv2dSame) and layer.groups == layer.in_channels > 1
    }
    for name, side in _input_sides(model, uneven, image_size).items():
        model.set_submodule(name, _evenly_padded(uneven[name], side))
    return model


def _input_sides(model: nn.Module, layers: dict[str, nn.Conv2d], image_size: int) -> dict[str, int]:
    """Return the side of the input of each layer that runs."""
    sides: dict[str, int] = {}

    def note(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        sides[names[layer]] = inputs[0].shape[-1]

    names: dict[nn.Module, str] = {layer: name for name, layer in layers.items()}
    handles = [layer.register_forward_pre_hook(note) for layer in layers.values()]
    weight = next(model.parameters())
    model(torch.zeros(1, 3, image_size, image_size, device=weight.device, dtype=weight.dtype))
    for handle in handles:
        handle.remove()
    return sides


def _evenly_padded(conv: nn.Conv2d, side: int) -> nn.Conv2d:
    """Return a convolution with the same outputs for inputs of one side."""
    kernel, stride = conv.kernel_size[0], conv.stride[0]
    padding = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    zeros = padding % 2
    even = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        kernel + zeros,
        stride,
        padding=(padding + zeros) // 2,
        groups=conv.groups,
        bias=conv.bias is not None,
    )
    even.weight = nn.Parameter(F.pad(conv.weight, (zeros, 0, zeros, 0)))
    even.bias = conv.bias
    return even
