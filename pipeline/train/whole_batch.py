"""A forward pass over this rank's slice of a batch that equals one over the whole batch.

Two kinds of layers depend on the whole batch: batch norm takes statistics over it, and dropout
draws one mask for all of it. With both done as in a single process, and the criterion applied to
the outputs of all ranks (`whole_outputs`), the gradients of all ranks sum to that of the whole
batch, whatever the model and its loss.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from pipeline.data import ranks
from pipeline.rungs.rung import Outputs


def whole_batch(photos: int) -> AbstractContextManager[object]:
    """Return the context of a forward pass over this rank's slice of a batch of `photos`."""
    return nullcontext() if ranks.world_size() == 1 else _WholeBatch(photos)


def whole_outputs(outputs: Outputs, photos: int) -> Outputs:
    """Return the outputs for all photos of a batch; gradients flow to this rank's slice only."""
    return {name: ranks.gather_rows(value, photos) for name, value in outputs.items()}


class _WholeBatch(TorchFunctionMode):
    def __init__(self, photos: int):
        super().__init__()
        self.photos = photos

    def __torch_function__(
        self,
        func: Callable[..., Tensor],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Call a torch function, or its replacement for whole batches."""
        replacement = _REPLACEMENTS.get(func)
        if replacement is None:
            return func(*args, **(kwargs or {}))
        return replacement(self.photos, *args, **(kwargs or {}))


def _batch_norm(
    photos: int,
    inputs: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Return this rank's rows of `F.batch_norm` over the whole batch."""
    if not training:
        return F.batch_norm(inputs, running_mean, running_var, weight, bias, False, momentum, eps)
    mean, variance = _statistics(photos, inputs)
    numbers = photos * inputs[:1, 0].numel()
    with torch.no_grad():
        running_mean.lerp_(mean.to(running_mean), momentum)
        unbiased = variance * (numbers / max(numbers - 1, 1))
        running_var.lerp_(unbiased.to(running_var), momentum)
    weight = torch.ones_like(mean) if weight is None else weight
    bias = torch.zeros_like(mean) if bias is None else bias
    return _Normalised.apply(inputs, weight, bias, mean, variance, numbers, eps)


@torch.no_grad()
def _statistics(photos: int, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and variance of each channel over the whole batch."""
    precise = inputs.to(torch.promote_types(inputs.dtype, torch.float32))
    of_share = torch.stack(torch.ops.aten.batch_norm_update_stats(precise, None, None, 0.0))
    means, variances = ranks.all_gather_stacked(of_share).unbind(1)  # (processes, C)
    shares = torch.tensor(ranks.rank_sizes(photos), dtype=means.dtype)[:, None] / photos
    shares = shares.to(means.device, non_blocking=True)  # made on a GPU, it would be waited for
    mean = (shares * means).sum(0)
    return mean, (shares * (variances + (means - mean).square())).sum(0)


class _Normalised(torch.autograd.Function):
    """Batch norm with statistics that are passed in, but differentiated as functions of the inputs.

    By arXiv:1502.03167, section 3, the gradient of the inputs is that for constant statistics minus
    two terms, the means over the batch of `gradient` and of `gradient * normalised`.
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        numbers: int,
        eps: float,
    ) -> Tensor:
        ctx.save_for_backward(inputs, weight, mean, variance)
        ctx.numbers, ctx.eps = numbers, eps  # type: ignore[attr-defined]
        return F.batch_norm(inputs, mean, variance, weight, bias, False, 0.0, eps)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight, mean, variance = ctx.saved_tensors  # type: ignore[attr-defined]
        numbers, eps = ctx.numbers, ctx.eps  # type: ignore[attr-defined]
        inverse = (variance + eps).rsqrt()
        # A CPU reads the statistics from the first pair, a GPU from the second.
        known = (mean, variance, mean, inverse, False, eps, [False, True, True])
        _, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, inputs, weight, *known
        )
        slope, offset = ranks.all_reduce_sum_(torch.stack([of_weight, of_bias])) / numbers
        factor = weight * inverse
        slope, offset = slope * -factor, offset * -factor
        terms = F.batch_norm(inputs, mean, variance, slope, offset, False, 0.0, eps)
        channels = factor.view(1, -1, *[1] * (inputs.ndim - 2)).to(inputs.dtype)
        of_inputs = terms.addcmul_(gradient, channels)
        return of_inputs, of_weight, of_bias, None, None, None, None


def _dropout(
    function: Callable[..., Tensor],
    photos: int,
    inputs: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
) -> Tensor:
    """Apply this rank's rows of the mask that is drawn for the whole batch."""
    if not training or p == 0:
        return inputs
    # The mask is drawn in memory order, so it needs the layout of the inputs.
    last = inputs.ndim == 4 and inputs.is_contiguous(memory_format=torch.channels_last)
    layout = torch.channels_last if last else torch.contiguous_format
    whole = inputs.new_ones(photos, *inputs.shape[1:]).contiguous(memory_format=layout)
    return inputs * function(whole, p)[ranks.rank_slice(photos)]


_REPLACEMENTS: Mapping[Callable[..., Tensor], Callable[..., Tensor]] = {
    F.batch_norm: _batch_norm,
    F.dropout: partial(_dropout, F.dropout),
    F.dropout2d: partial(_dropout, F.dropout2d),
}
