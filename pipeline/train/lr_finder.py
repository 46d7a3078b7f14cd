"""The learning-rate finder: one short training with an increasing rate."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.data.batches import Batch
from pipeline.models.layer_groups import LayerGroups
from pipeline.models.precision import autocast
from pipeline.params.train import RungParams, SharedTrainParams
from pipeline.progress import progress
from pipeline.rungs.rung import Criterion, RungModel
from pipeline.train.loop import BatchSource
from pipeline.train.schedule import THAWED, Phase, make_optimizer

_LOWEST, _HIGHEST = 1e-6, 1.0
_SMOOTHING = 0.9  # share of the past in the running mean of the losses
_DIVERGED = 4.0  # times the lowest loss so far
_ROUNDING = 1e-9  # share of the first loss; a smaller fall does not count


@dataclass(frozen=True)
class LearningRates:
    """The rates that were tried, and their losses.

    Attributes:
        rates: of the head, rising step by step.
        losses: of the batches, one for each rate.
        smoothed: their running mean.
        suggestion: the middle of the decade of rates over which the loss fell fastest; None where
            it never fell.
    """

    rates: list[float]
    losses: list[float]
    smoothed: list[float]
    suggestion: float | None


def find_learning_rate(
    model: RungModel,
    criterion: Criterion,
    batches: BatchSource,
    *,
    phase_name: str,
    steps: int,
    shared: SharedTrainParams,
    rung: RungParams,
) -> LearningRates:
    """Return the loss over rates from 1e-6 to 1 (arXiv:1506.01186, section 3.3).

    The run ends early once the smoothed loss exceeds four times its minimum.

    Args:
        model: trained in place as in the phase; pass a copy.
        criterion: maps outputs and batch to named losses; `loss` is minimised.
        batches: repeated as often as needed.
        phase_name: `head`, `late` or `all`; decides which groups of layers are trained.
        steps: number of rates, at least 2.
        shared: parameters of all rungs.
        rung: parameters of this one.
    """
    layers = LayerGroups(model, model.backbone)
    layers.thaw(THAWED[phase_name])
    optimizer = make_optimizer(
        layers.parameters,
        Phase(phase_name, 1, _LOWEST),
        lr_divisor=rung.lr_divisor,
        weight_decay=shared.weight_decay,
    )
    factor = (_HIGHEST / _LOWEST) ** (1 / (steps - 1))
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    mean = 0.0
    torch.manual_seed(shared.seed)
    pairs = zip(range(steps), _endless(batches, shared.seed), strict=False)
    for step, batch in progress(pairs, total=steps, desc="learning rates", unit="steps"):
        loss = _loss(model, criterion, batch, shared.precision)
        rates.append(_LOWEST * factor**step)
        losses.append(float(loss.detach()))
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * losses[-1]
        smoothed.append(mean / (1 - _SMOOTHING ** (step + 1)))
        if not math.isfinite(mean) or smoothed[-1] > _DIVERGED * min(smoothed):
            break
        _update(model, optimizer, loss, shared.grad_clip)
        for group in optimizer.param_groups:
            group["lr"] *= factor
    return LearningRates(rates, losses, smoothed, suggested_rate(rates, losses, smoothed))


def _loss(model: RungModel, criterion: Criterion, batch: Batch, precision: str) -> Tensor:
    with autocast(batch.images.device, precision):
        outputs = model(batch.images)
    return criterion(outputs, batch)["loss"]


def _update(
    model: RungModel, optimizer: torch.optim.Optimizer, loss: Tensor, grad_clip: float
) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), grad_clip)  # as training does
    optimizer.step()


def _endless(batches: BatchSource, seed: int) -> Iterator[Batch]:
    for epoch in count(seed):
        yield from batches.epoch(epoch)


def suggested_rate(rates: list[float], losses: list[float], smoothed: list[float]) -> float | None:
    """Return the rate around which the loss falls fastest, before its lowest point.

    The slope is that of a line fitted to the losses within a decade of rates. The difference
    between two steps would be mostly noise, above all at the start, where the running mean covers
    only a few batches.

    Args:
        rates: rising by one factor.
        losses: of the batches; the last may be anything, even not finite.
        smoothed: their running mean, which decides where the lowest point is.
    """
    lowest = min(range(len(smoothed)), key=smoothed.__getitem__)
    decade = math.log(10) / math.log(rates[1] / rates[0]) if len(rates) > 1 else 1
    width = min(max(2, round(decade) + 1), lowest + 1)
    if width < 2:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(np.array(losses[: lowest + 1]), width)
    offsets = np.arange(width) - (width - 1) / 2
    slopes = windows @ offsets / (offsets @ offsets)  # loss per step, by least squares
    steepest = int(slopes.argmin())
    if slopes[steepest] >= -_ROUNDING * abs(losses[0]):
        return None
    return math.sqrt(rates[steepest] * rates[steepest + width - 1])
