"""A rung as its stage trains it, with what is needed to take steps."""

from dataclasses import dataclass

import torch

from pipeline.data.batches import Batch, Batches
from pipeline.data.inputs import read_training_data
from pipeline.files import PARAMS
from pipeline.models.device import choose_device
from pipeline.models.layer_groups import LayerGroups
from pipeline.params.params import Params, load_params
from pipeline.rungs.registry import find_rung
from pipeline.rungs.rung import Rung, RungModel
from pipeline.train.averaging import average_of
from pipeline.train.learner import Learner
from pipeline.train.schedule import THAWED, Phase, phases_of
from stages.train import batches, model_spec, pretrained_model

_NEVER_REACHED = 1000  # epochs: the rate stays where it is


@dataclass(frozen=True)
class Trainee:
    """A rung with its sources of batches.

    Attributes:
        rung: which.
        params: of the whole project.
        model: with a pretrained backbone and a fresh head, on the device.
        train, val: its batches.
        classes: names, in the order of the labels.
    """

    rung: Rung
    params: Params
    model: RungModel
    train: Batches
    val: Batches
    classes: list[str]

    def learner(self, **shared: object) -> Learner:
        """Return what takes steps as in the last phase; `shared` are other parameters."""
        own = self.params.rung(self.rung.name)
        phase = self.phases()[-1]
        layers = LayerGroups(self.model, self.model.backbone)
        layers.thaw(THAWED[phase.name])
        return Learner(
            self.model,
            layers,
            self.rung.criterion(self.model, own),
            average_of(self.model, own.ema) if own.ema else None,
            Phase(phase.name, _NEVER_REACHED, phase.lr / 100),
            steps_per_epoch=len(self.train),
            steps_before=0,
            shared=self.params.train.shared.model_copy(update=shared),
            rung=own,
        )

    def phases(self) -> list[Phase]:
        """Return the phases of the rung's parameters."""
        shared, own = self.params.train.shared, self.params.rung(self.rung.name)
        return phases_of(own, len(self.train), shared.min_epoch_steps)

    def first_batch(self) -> Batch:
        """Return the first batch of an epoch."""
        return next(iter(self.train.epoch(0)))


def trainee(name: str, side: int | None = None) -> Trainee:
    """Return the rung called `name` in the project of this folder, by default at its own side."""
    params, rung = load_params(PARAMS), find_rung(name)
    if side:
        at_side = params.rung(name).model_copy(update={"image_size": side, "train_size": side})
        train = params.train.model_copy(update={name: at_side})
        params = params.model_copy(update={"train": train})
    torch.manual_seed(params.train.shared.seed)
    data = read_training_data(rung.task, params.train.shared.machine_weight)
    spec = model_spec(rung, params, data.classes)
    device = choose_device(params.train.shared.device)
    model = pretrained_model(spec, params.train.shared.weights, device)
    return Trainee(rung, params, model, *batches(params, data, spec, device), data.classes)
