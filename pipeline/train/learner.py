"""Step 6: what takes a training step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from pipeline.models.precision import autocast
from pipeline.train.averaging import RunningAverage
from pipeline.train.feature_cache import outputs_of
from pipeline.train.schedule import Phase, make_optimizer, make_scheduler

Losses = Callable[[dict[str, Tensor], Any], dict[str, Tensor]]


class Layers(Protocol):
    """The layer groups of a model: `head`, `late`, `early`."""

    parameters: dict[str, list[nn.Parameter]]

    def thaw(self, names: tuple[str, ...]) -> None:
        """Let only the named groups learn."""


@dataclass(frozen=True)
class Recipe:
    """What `fit` needs to know beside the model, the data and the phases.

    Attributes:
        seed: of order, augmentation and dropout.
        schedule: `one_cycle` or `cosine`, in every phase.
        lr_divisor: how much slower each layer group learns than the one above it.
        weight_decay: decoupled.
        grad_clip: largest norm of the gradient.
        ema: decay of the averaged weights that are kept; 0 keeps the last ones.
        early_stop: epochs without a lower val loss after which training ends; 0 never does.
        compile: run the model through `torch.compile`; not where it learns from kept features.
        precision: see `autocast`.
    """

    seed: int
    schedule: str
    lr_divisor: float
    weight_decay: float
    grad_clip: float
    ema: float
    early_stop: int
    compile: bool
    precision: str


class Learner:
    """What takes the steps of one phase: model, optimizer, schedule and running average.

    Args:
        model: with the phase's layers thawed.
        layers: its layer groups.
        losses: as in `fit`.
        averaged: the running average of the weights, or None.
        phase: says which groups learn, and how fast.
        steps_per_epoch: batches in an epoch.
        recipe: see `Recipe`.
    """

    def __init__(
        self,
        model: nn.Module,
        layers: Layers,
        losses: Losses,
        averaged: RunningAverage | None,
        phase: Phase,
        steps_per_epoch: int,
        recipe: Recipe,
    ):
        self.model = model
        self.forward = torch.compile(model) if recipe.compile else model
        self.losses = losses
        self.averaged = averaged
        self.precision = recipe.precision
        self.grad_clip = recipe.grad_clip
        self.optimizer = make_optimizer(
            layers.parameters, phase, lr_divisor=recipe.lr_divisor, weight_decay=recipe.weight_decay
        )
        steps = phase.epochs * steps_per_epoch
        self.scheduler = make_scheduler(self.optimizer, recipe.schedule, steps)

    def step(self, batch: Any) -> dict[str, Tensor]:
        """Learn from one batch and return its losses."""
        with autocast(batch.images.device, self.precision):
            outputs = outputs_of(self.forward, batch)
        losses = self.losses(outputs, batch)
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.grad_clip)
        self.optimizer.step()
        self.scheduler.step()
        if self.averaged:
            self.averaged.update(self.model)
        return {name: value.detach() for name, value in losses.items()}

    def rate(self) -> float:
        """Return the head's learning rate at this step."""
        return self.optimizer.param_groups[0]["lr"]

    def states(self) -> dict[str, dict]:
        """Return everything that `restore` needs."""
        return {name: part.state_dict() for name, part in self._parts().items()}

    def restore(self, states: dict[str, dict]) -> None:
        """Become the learner that `states` came from."""
        for name, part in self._parts().items():
            part.load_state_dict(states[name])

    def _parts(self) -> dict[str, Any]:
        parts = {name: getattr(self, name) for name in ("model", "optimizer", "scheduler")}
        return parts | ({"averaged": self.averaged} if self.averaged else {})
