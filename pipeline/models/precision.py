"""The precision a model computes in: bfloat16 where the device has units for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode


def autocast(device: torch.device, precision: str) -> AbstractContextManager[None]:
    """Return the context of a forward pass.

    Args:
        device: the model's.
        precision: `float32`, `bfloat16`, or `auto`: bfloat16 where the device computes it in
            hardware, since anywhere else it would be slower than float32.
    """
    if precision == "float32" or (precision == "auto" and not _has_bfloat16(device)):
        return nullcontext()
    return _bfloat16(device)


@contextmanager
def _bfloat16(device: torch.device) -> Iterator[None]:
    slow = SlowGradientsInFloat32() if device.type == "cpu" else nullcontext()
    with torch.autocast(device.type, torch.bfloat16), slow:
        yield


class SlowGradientsInFloat32(TorchFunctionMode):
    """While this context is open, some trainable layers compute in float32, despite autocast.

    In bfloat16, a CPU with units for it takes three to eight times as long for the gradients of
    depthwise convolutions and group norms, and half the time for everything else
    (`docs/performance.md`). The gradient of a strided convolution over a map of one cell is not
    even finite there (seen with torch 2.14.1). Frozen layers stay in bfloat16.
    """

    def __torch_function__(
        self,
        func: Callable[..., Tensor],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Call a torch function, in float32 if its gradient is slow."""
        named = kwargs or {}
        slow = _SLOW.get(func)
        if slow is None or not torch.is_grad_enabled() or not slow(*args, **named):
            return func(*args, **named)
        with torch.autocast("cpu", enabled=False):
            inputs, *rest = args
            return func(inputs.float() if isinstance(inputs, Tensor) else inputs, *rest, **named)


def _slow_convolution(
    inputs: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | str | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> bool:
    """Return whether a convolution, called as `F.conv2d`, is trainable and depthwise or strided."""
    widest = stride if isinstance(stride, int) else max(stride)
    strided = widest > 1 and max(weight.shape[2:]) > 1
    return weight.requires_grad and (groups > 1 or strided)


def _slow_group_norm(
    inputs: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> bool:
    """Return whether a group norm, called as `F.group_norm`, is trainable."""
    return weight is not None and weight.requires_grad


_SLOW: Mapping[Callable[..., Tensor], Callable[..., bool]] = {
    F.conv2d: _slow_convolution,
    F.group_norm: _slow_group_norm,
}


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        with torch.cuda.device(device):
            return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):  # not in torch 2.11
        known = torch.cpu.get_capabilities()
        return known.get("avx512_bf16", False) or known.get("amx_bf16", False)
    return False
