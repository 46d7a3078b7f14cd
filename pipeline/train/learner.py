"""A training step: forward, backward, optimizer, schedule and moving average."""

from typing import TypedDict, cast

import torch
from timm.utils.model_ema import ModelEmaV3
from torch import Tensor, nn

from pipeline.data import ranks
from pipeline.data.batches import Batch
from pipeline.models.layer_groups import LayerGroups
from pipeline.models.precision import autocast
from pipeline.params.train import RungParams, SharedTrainParams
from pipeline.rungs.rung import Criterion, RungModel
from pipeline.train.averaging import update_average
from pipeline.train.feature_cache import outputs_of
from pipeline.train.schedule import Phase, make_optimizer, make_scheduler
from pipeline.train.whole_batch import whole_batch, whole_outputs


class LearnerState(TypedDict):
    """The state dicts of a learner's parts; `average` is empty without one."""

    model: dict[str, object]
    optimizer: dict[str, object]
    scheduler: dict[str, object]
    average: dict[str, object]


class Learner:
    """Takes the training steps of one phase.

    Args:
        model: with the phase's layers thawed.
        layers: its layer groups.
        criterion: maps outputs and batch to named losses; `loss` is minimised.
        average: the moving average of the weights, or None.
        phase: which groups are trained, and at what rate.
        steps_per_epoch: batches in an epoch.
        steps_before: number of steps in earlier phases.
        shared: parameters of all rungs.
        rung: parameters of this one.
    """

    def __init__(
        self,
        model: RungModel,
        layers: LayerGroups,
        criterion: Criterion,
        average: ModelEmaV3 | None,
        phase: Phase,
        *,
        steps_per_epoch: int,
        steps_before: int,
        shared: SharedTrainParams,
        rung: RungParams,
    ):
        self.model = model
        self.criterion = criterion
        self.average = average
        self.steps_before = steps_before
        self.shared = shared
        self.optimizer = make_optimizer(
            layers.parameters, phase, lr_divisor=rung.lr_divisor, weight_decay=shared.weight_decay
        )
        steps = phase.epochs * steps_per_epoch
        self.scheduler = make_scheduler(self.optimizer, shared.schedule, steps)
        self._network = cast(RungModel, torch.compile(model)) if shared.compile else model

    def step(self, batch: Batch) -> dict[str, Tensor]:
        """Train on one batch and return its losses."""
        photos = len(batch.photo)
        with autocast(batch.images.device, self.shared.precision), whole_batch(photos):
            outputs = outputs_of(self._network, batch)
        losses = self.criterion(whole_outputs(outputs, photos), batch)
        self.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()
        ranks.all_reduce_gradients(self.model.parameters())
        nn.utils.clip_grad_norm_(self.model.parameters(), self.shared.grad_clip)
        self.optimizer.step()
        if self.average:
            done = self.steps_before + self.scheduler.last_epoch  # `last_epoch` counts steps
            update_average(self.average, self.model, done)
        self.scheduler.step()
        return {name: value.detach() for name, value in losses.items()}

    def rate(self) -> float:
        """Return the head's learning rate at this step."""
        return self.optimizer.param_groups[0]["lr"]

    def state(self) -> LearnerState:
        """Return everything that `restore` needs."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "average": self.average.state_dict() if self.average else {},
        }

    def restore(self, state: LearnerState) -> None:
        """Restore what `state` returned."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        if self.average:
            self.average.load_state_dict(state["average"])
