"""Softplus, the binary cross-entropy of a target of 0; faster on a CPU than torch's own.

`torch.nn.functional.softplus` spends four fifths of its time in `log1p`, which takes five times as
long as `log`. With `log`, values are off by up to 6e-8; gradients are not affected.
"""

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction, FunctionCtx
from torch.nn import functional as F


def softplus(logits: Tensor) -> Tensor:
    """Return `log(1 + exp(logits))` of every element, within 1e-7 where that is below 1.

    This is the binary cross-entropy of a logit whose target is 0; with the target z it is
    `softplus(logits) - z * logits`.
    """
    return _Softplus.apply(logits)


class _Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, logits: Tensor) -> Tensor:
        ctx.save_for_backward(logits)
        # exp(logits) overflows; the sigmoid of a magnitude lies in .5..1.
        return F.relu(logits).sub_(logits.abs().sigmoid_().log_())

    @staticmethod
    def backward(ctx: BackwardCFunction, gradient: Tensor) -> Tensor:
        (logits,) = ctx.saved_tensors
        return logits.sigmoid().mul_(gradient)
