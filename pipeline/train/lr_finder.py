"""Step 6: the learning-rate finder: one short training with an ever higher rate."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch import nn

from pipeline.models.precision import autocast
from pipeline.progress import progress
from pipeline.train.learner import Losses
from pipeline.train.loop import BatchSource
from pipeline.train.schedule import Phase, make_optimizer

_LOWEST, _HIGHEST = 1e-6, 1.0
_SMOOTHING = 0.9  # share of the past in the running mean of the losses
_DIVERGED = 4.0  # times the lowest loss so far
_ROUNDING = 1e-9  # share of the first loss; a fall as small as this is none


@dataclass(frozen=True)
class LearningRates:
    """What the finder saw.

    Attributes:
        rates: of the head, rising step by step.
        losses: smoothed, one for each rate.
        suggestion: the rate at which the loss fell fastest; None where it never fell.
    """

    rates: list[float]
    losses: list[float]
    suggestion: float | None


def find_learning_rate(
    model: nn.Module,
    parameters: dict[str, list[nn.Parameter]],
    phase_name: str,
    losses: Losses,
    batches: BatchSource,
    *,
    steps: int,
    lr_divisor: float,
    weight_decay: float,
    seed: int,
    precision: str,
) -> LearningRates:
    """Return the loss over rates from 1e-6 to 1 (arXiv:1506.01186, section 3.3).

    The model is changed: give a copy. The run ends early where the loss is four times its lowest.

    Args:
        model: with the phase's layers thawed.
        parameters: by layer group.
        phase_name: `head`, `late` or `all`; says which groups learn.
        losses: from outputs and batch to named scalars; `loss` is what is minimised.
        batches: repeated as often as needed.
        steps: of the whole range, at least 2.
        lr_divisor: how much slower each layer group learns than the one above it.
        weight_decay: decoupled.
        seed: of order, augmentation and dropout.
        precision: see `autocast`.
    """
    phase = Phase(phase_name, 1, _LOWEST)
    optimizer = make_optimizer(parameters, phase, lr_divisor=lr_divisor, weight_decay=weight_decay)
    factor = (_HIGHEST / _LOWEST) ** (1 / (steps - 1))
    rates, smoothed, mean = [], [], 0.0
    torch.manual_seed(seed)
    pairs = zip(range(steps), _endless(batches, seed), strict=False)
    for step, batch in progress(pairs, total=steps, desc="learning rates", unit="steps"):
        with autocast(batch.images.device, precision):
            outputs = model(batch.images)
        loss = losses(outputs, batch)["loss"]
        mean = _SMOOTHING * mean + (1 - _SMOOTHING) * float(loss.detach())
        rates.append(_LOWEST * factor**step)
        smoothed.append(mean / (1 - _SMOOTHING ** (step + 1)))
        if not math.isfinite(mean) or smoothed[-1] > _DIVERGED * min(smoothed):
            break
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] *= factor
    return LearningRates(rates, smoothed, _steepest(rates, smoothed))


def _endless(batches: BatchSource, seed: int) -> Iterator[Any]:
    for epoch in count(seed):
        yield from batches.epoch(epoch)


def _steepest(rates: list[float], losses: list[float]) -> float | None:
    """Return the rate with the steepest fall of the loss, before its lowest point."""
    lowest = min(range(len(losses)), key=losses.__getitem__)
    falls = [losses[i] - losses[i - 1] for i in range(1, lowest + 1)]
    if not falls or min(falls) >= -_ROUNDING * abs(losses[0]):
        return None
    return rates[1 + falls.index(min(falls))]
