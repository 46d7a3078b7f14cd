"""The learning rate of each group of layers, and its course over the steps of a phase."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from pipeline.params.train import RungParams

_WARM_UP = 0.1  # share of a cosine phase
_FINAL = 0.01  # of the peak rate, at the end of a cosine phase

# The groups that each phase trains, head first: the further down, the lower the rate.
THAWED = {"head": ("head",), "late": ("head", "late"), "all": ("head", "late", "early")}


@dataclass(frozen=True)
class Phase:
    """A number of epochs in which a part of the model is trained.

    Attributes:
        name: `head`, `late` (head and late backbone) or `all`.
        epochs: at least 1.
        lr: peak learning rate of the head.
    """

    name: str
    epochs: int
    lr: float


def phases_of(rung: RungParams, steps_per_epoch: int, min_epoch_steps: int) -> list[Phase]:
    """Return the phases of a rung that have any epochs, in order.

    The number of epochs is tuned on a data set of some size. On a smaller one, whose epochs have
    fewer steps, it would train too little, so a phase then takes `min_epoch_steps` for each epoch.

    Args:
        rung: its parameters.
        steps_per_epoch: batches in an epoch.
        min_epoch_steps: if an epoch has fewer steps, a phase gets more epochs than configured.
    """
    longer = max(1.0, min_epoch_steps / steps_per_epoch)
    named = {"head": rung.head, "late": rung.late, "all": rung.all}
    return [
        Phase(name, math.ceil(phase.epochs * longer), phase.lr)
        for name, phase in named.items()
        if phase.epochs
    ]


def make_optimizer(
    parameters: Mapping[str, list[nn.Parameter]],
    phase: Phase,
    *,
    lr_divisor: float,
    weight_decay: float,
) -> torch.optim.AdamW:
    """Return AdamW with discriminative rates: lr for the head, lr/divisor, lr/divisor**2 below.

    With a divisor of 10 these are the lesson's `[lr/100, lr/10, lr]`. Biases and normalisation
    (one-dimensional parameters) are not decayed.

    Args:
        parameters: by layer group.
        phase: which groups are trained, and the head's peak rate.
        lr_divisor: at least 1.
        weight_decay: decoupled, at least 0.
    """
    groups = []
    for depth, name in enumerate(THAWED[phase.name]):
        for decays in (True, False):
            members = [p for p in parameters[name] if (p.ndim > 1) == decays]
            if members:
                decay = weight_decay if decays else 0.0
                rate = phase.lr / lr_divisor**depth
                groups.append({"params": members, "lr": rate, "weight_decay": decay})
    return torch.optim.AdamW(groups, fused=True)


def make_scheduler(optimizer: torch.optim.Optimizer, kind: str, steps: int) -> LRScheduler:
    """Return the schedule of a phase of `steps` steps; every group keeps its ratio to the others.

    Args:
        optimizer: its groups' rates are the peaks.
        kind: `one_cycle` (arXiv:1708.07120: up for 30 %, then down far below the start; momentum
            the other way round) or `cosine` (linear warm-up for 10 %, then down to a hundredth).
        steps: optimizer steps in the phase.
    """
    if kind == "one_cycle":
        peaks = [group["lr"] for group in optimizer.param_groups]
        return OneCycleLR(optimizer, peaks, total_steps=max(steps, 2))
    warm_up = max(1, round(steps * _WARM_UP))

    def share(step: int) -> float:
        if step < warm_up:
            return (step + 1) / warm_up
        done = (step - warm_up) / max(1, steps - warm_up)
        return _FINAL + (1 - _FINAL) * (1 + math.cos(math.pi * min(done, 1.0))) / 2

    return LambdaLR(optimizer, share)
