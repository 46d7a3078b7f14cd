"""Shared by several tests: a model of a few hundred weights, and a few noisy photos."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.data.batches import Batch
from pipeline.params.params import load_params
from pipeline.params.train import RungParams, SharedTrainParams
from pipeline.rungs.rung import Outputs, RungModel
from pipeline.train.history import EpochRow
from pipeline.train.loop import fit
from pipeline.train.schedule import Phase
from pipeline.train.training_log import TrainingWatch
from tests.conftest import ROOT

PHASES = [Phase("head", 2, 0.01), Phase("late", 2, 0.02), Phase("all", 1, 0.01)]
_PARAMS = load_params(ROOT / "params.yaml")
_SHARED = {"seed": 7, "schedule": "one_cycle", "weight_decay": 0.01, "precision": "float32"}
_RUNG = {"lr_divisor": 10, "ema": 0.0}


def params_of(**changes) -> tuple[SharedTrainParams, RungParams]:
    """Return the shared parameters and those of a rung, with these changes to either."""
    own = {key: changes.pop(key) for key in _RUNG.keys() & changes.keys()}
    shared = _PARAMS.train.shared.model_copy(update=_SHARED | changes)
    return shared, _PARAMS.train.classifier.model_copy(update=_RUNG | own)


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.early = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU())
        self.late = nn.Sequential(nn.Conv2d(4, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())

    def forward(self, images: Tensor) -> Tensor:
        return self.late(self.early(images))

    def early_modules(self) -> list[nn.Module]:
        return [self.early]


class Tiny(RungModel):
    """Three layer groups, batch norm and dropout: everything that a loop can get wrong."""

    def __init__(self, seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.backbone = Body()
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(8 * 2 * 2, 3))

    def features(self, images: Tensor) -> list[Tensor]:
        return [self.backbone(images)]

    def read(self, features: list[Tensor], image_size: int) -> Outputs:
        return {"cls_logits": self.head(features[0])}


class Photos:
    """Random photos with one random label each, served as `Batches` serves them.

    `noisy` passes are shuffled and never twice the same. One that `drops` leaves the photos of a
    smaller last batch out, others each time.
    """

    def __init__(
        self, photos: int = 8, batch_size: int = 4, noisy: bool = False, drops: bool = False
    ):
        generator = torch.Generator().manual_seed(photos)
        self.images = torch.randn(photos, 3, 8, 8, generator=generator)
        self.labels = torch.randint(3, (photos, 1), generator=generator)
        self.batch_size, self.noisy, self.drops = batch_size, noisy, drops

    def __len__(self) -> int:
        photos = len(self.labels)
        return photos // self.batch_size if self.drops else -(-photos // self.batch_size)

    def epoch(self, seed: int, *, whole: bool = False) -> Iterator[Batch]:
        generator = torch.Generator().manual_seed(seed)
        order = torch.arange(len(self.labels))
        if self.noisy:
            order = torch.randperm(len(order), generator=generator)
        end = len(order) if whole else len(self) * self.batch_size
        for chosen in order[:end].split(self.batch_size):
            noise = torch.zeros(())
            if self.noisy:
                noise = torch.randn(self.images[chosen].shape, generator=generator) / 10
            yield self.batch(chosen, noise)

    def batch(self, chosen: Tensor, noise: Tensor | float = 0.0) -> Batch:
        """Return these photos as one batch."""
        boxes = torch.zeros(len(chosen), 1, 4)
        ignore = torch.zeros(len(chosen), 1, dtype=torch.bool)
        return Batch(
            self.images[chosen] + noise,
            boxes,
            self.labels[chosen],
            ignore,
            torch.ones(len(chosen), 1),
            chosen,
        )


class Quiet(TrainingWatch):
    """Prints nothing, and records what it is told."""

    def __init__(self):
        super().__init__("tiny", 5, 2)
        self.resumed: list[int] = []
        self.steps: list[tuple[int, dict[str, Tensor]]] = []
        self.epochs: list[EpochRow] = []

    def resume(self, epochs: int, seconds: float, photos: int) -> None:
        self.resumed.append(epochs)

    def step(self, photos: int, losses: dict[str, Tensor]) -> None:
        self.steps.append((photos, losses))

    def epoch(self, row: EpochRow) -> None:
        self.epochs.append(row)


class KilledError(Exception):
    """Stands for a signal."""


class KilledAfterEpoch(Quiet):
    """Ends a training when this epoch has been saved."""

    def __init__(self, epoch: int):
        super().__init__()
        self.last = epoch

    def epoch(self, row: EpochRow) -> None:
        if row["epoch"] == self.last:
            raise KilledError


def losses(outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
    """Return `loss`, and a part of it under another name."""
    class_loss = F.cross_entropy(outputs["cls_logits"], batch.labels[:, 0])
    return {"loss": 2 * class_loss, "class_loss": class_loss}


def train(
    checkpoint: Path,
    model: Tiny | None = None,
    *,
    phases: list[Phase] = PHASES,
    losses: Callable = losses,
    source: Photos | None = None,
    val: Photos | None = None,
    watch: TrainingWatch | None = None,
    **changes,
) -> tuple[Tiny, list[EpochRow]]:
    """Call `fit` with the parameters above, except for `changes`."""
    shared, rung = params_of(**changes)
    return fit(
        model or Tiny(),
        losses,
        phases,
        source or Photos(noisy=True),
        val or Photos(5, 4),
        shared=shared,
        rung=rung,
        watch=watch or Quiet(),
        checkpoint=checkpoint,
    )


def same_weights(model: nn.Module, other: nn.Module) -> bool:
    """Return whether every weight and buffer is the same, bit for bit."""
    ours, theirs = model.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)
