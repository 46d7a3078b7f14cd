"""Step 6: how fast each group of layers learns, and how that changes over the steps of a phase."""

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

_WARM_UP = 0.1  # share of a cosine phase
_FINAL = 0.01  # of the peak rate, at the end of a cosine phase

# What learns in each phase, the head first: each group further down learns slower.
THAWED = {"head": ("head",), "late": ("head", "late"), "all": ("head", "late", "early")}


@dataclass(frozen=True)
class Phase:
    """So many epochs in which a part of the model learns.

    Attributes:
        name: `head`, `late` (head and late backbone) or `all`.
        epochs: 0 leaves the phase out.
        lr: peak learning rate of the head.
    """

    name: str
    epochs: int
    lr: float


def make_optimizer(
    parameters: dict[str, list[nn.Parameter]],
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
        phase: says which groups learn, and the head's peak rate.
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
    return torch.optim.AdamW(groups)


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
