"""A convolution that no longer learns and the activation after it, as one operation of a CPU."""

import math

import torch
from timm.layers import Conv2dSame, get_same_padding
from torch import Tensor, nn

# What oneDNN can do to a convolution's numbers before it writes them.
_ACTIVATIONS = {
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
    nn.SiLU: ("swish", []),
    nn.Hardswish: ("hardswish", []),
}


class FusedConv(nn.Module):
    """Gives what `activation(conv(inputs))` does, in fewer passes over the numbers.

    An activation reads and writes its whole map once more, and so does the padding of timm's
    `Conv2dSame`. Where a device has no such operation, the two layers run one after the other.

    Args:
        conv: at rest, with a bias; it learns no more, and no gradient goes through it.
        activation: what reads them.
    """

    def __init__(self, conv: nn.Conv2d, activation: nn.Module):
        super().__init__()
        self.conv = conv.requires_grad_(False)
        self.activation = activation

    def forward(self, inputs: Tensor) -> Tensor:
        """Return `(B, channels, rows, columns)` of `inputs`, which autocast may round first."""
        autocast = torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu") if autocast else inputs.dtype
        if inputs.device.type != "cpu" or not _has_operation(dtype):
            return self.activation(self.conv(inputs))
        padding, wanted = _even_padding(self.conv, inputs)
        outputs = torch.ops.mkldnn._convolution_pointwise(
            inputs.to(dtype, memory_format=torch.channels_last),
            self.conv.weight.to(dtype),
            self.conv.bias.to(dtype),
            padding,
            self.conv.stride,
            self.conv.dilation,
            self.conv.groups,
            *_ACTIVATIONS[type(self.activation)],
            "",
        )
        return outputs[:, :, *wanted].contiguous(memory_format=torch.channels_last)


def can_fuse(conv: nn.Conv2d, activation: nn.Module) -> bool:
    """Say whether a `FusedConv` of the two is possible."""
    padded_with_zeros = not isinstance(conv.padding, str) and conv.padding_mode == "zeros"
    return padded_with_zeros and type(activation) in _ACTIVATIONS


def _has_operation(dtype: torch.dtype) -> bool:
    if not torch.backends.mkldnn.is_available():
        return False
    in_bfloat16 = dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return dtype == torch.float32 or in_bfloat16


def _even_padding(conv: nn.Conv2d, inputs: Tensor) -> tuple[list[int], list[slice]]:
    """Return what to pad on both ends of rows and of columns, and which outputs to take then.

    TensorFlow's padding has one more at the end where their number is odd, and timm copies the map
    for it. Padded by a stride more, and equally, the same outputs come one later.
    """
    if not isinstance(conv, Conv2dSame):
        return list(conv.padding), [slice(None)] * 2
    padding, wanted = [], []
    shape = zip(inputs.shape[2:], conv.kernel_size, conv.stride, conv.dilation, strict=True)
    for size, kernel, stride, dilation in shape:
        total = get_same_padding(size, kernel, stride, dilation)
        first = total % 2
        padding.append(total // 2 + first * stride)
        wanted.append(slice(first, first + math.ceil(size / stride)))
    return padding, wanted
