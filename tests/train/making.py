"""What several files of tests train: a model of a few hundred weights, a few noisy photos."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.models.layer_groups import LayerGroups
from pipeline.train.loop import Recipe, fit
from pipeline.train.schedule import Phase

PHASES = [Phase("head", 2, 0.01), Phase("late", 2, 0.02), Phase("all", 1, 0.01)]
RECIPE = Recipe(
    seed=7,
    schedule="one_cycle",
    lr_divisor=10,
    weight_decay=0.01,
    grad_clip=10.0,
    ema=0.0,
    early_stop=0,
    compile=False,
    precision="float32",
)


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.early = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU())
        self.late = nn.Sequential(nn.Conv2d(4, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU())

    def forward(self, images: Tensor) -> Tensor:
        return self.late(self.early(images))

    def early_modules(self) -> list[nn.Module]:
        return [self.early]


class Tiny(nn.Module):
    """Three layer groups, batch norm and dropout: everything that a loop can get wrong."""

    def __init__(self, seed: int = 0):
        super().__init__()
        torch.manual_seed(seed)
        self.backbone = Body()
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(8 * 2 * 2, 3))

    def forward(self, images: Tensor) -> Tensor:
        return self.read(self.features(images), images.shape[-1])

    def features(self, images: Tensor) -> list[Tensor]:
        return [self.backbone(images)]

    def read(self, features: list[Tensor], image_size: int) -> Tensor:
        return self.head(features[0])


@dataclass(frozen=True)
class TinyBatch:
    images: Tensor
    labels: Tensor
    photo: Tensor


class Photos:
    """Random photos with random labels; `noisy` passes are shuffled and never twice the same.

    One that drops leaves the photos of a smaller last batch out, others each time.
    """

    def __init__(
        self, photos: int = 8, batch_size: int = 4, noisy: bool = False, drops: bool = False
    ):
        generator = torch.Generator().manual_seed(photos)
        self.images = torch.randn(photos, 3, 8, 8, generator=generator)
        self.labels = torch.randint(3, (photos,), generator=generator)
        self.batch_size, self.noisy, self.drops = batch_size, noisy, drops

    def __len__(self) -> int:
        photos = len(self.labels)
        return photos // self.batch_size if self.drops else -(-photos // self.batch_size)

    def epoch(self, seed: int, *, whole: bool = False) -> Iterator[TinyBatch]:
        generator = torch.Generator().manual_seed(seed)
        order = torch.arange(len(self.labels))
        if self.noisy:
            order = torch.randperm(len(order), generator=generator)
        end = len(order) if whole else len(self) * self.batch_size
        for chosen in order[:end].split(self.batch_size):
            images = self.images[chosen]
            if self.noisy:
                images = images + torch.randn(images.shape, generator=generator) / 10
            yield TinyBatch(images, self.labels[chosen], chosen)


class Quiet:
    """A watcher that keeps what it hears."""

    def __init__(self):
        self.resumed: list[int] = []
        self.steps: list[tuple[int, dict[str, Tensor]]] = []
        self.epochs: list[dict] = []

    def resume(self, epochs: int) -> None:
        self.resumed.append(epochs)

    def step(self, photos: int, losses: dict[str, Tensor]) -> None:
        self.steps.append((photos, losses))

    def epoch(self, row: dict) -> None:
        self.epochs.append(row)


def losses(outputs: Tensor, batch: TinyBatch) -> dict[str, Tensor]:
    """Return `loss`, and a part of it under another name."""
    class_loss = F.cross_entropy(outputs, batch.labels)
    return {"loss": 2 * class_loss, "class_loss": class_loss}


def train(
    checkpoint,
    model: nn.Module | None = None,
    *,
    phases=PHASES,
    losses: Callable = losses,
    source=None,
    val=None,
    watcher=None,
    **changes,
) -> tuple[nn.Module, list[dict]]:
    """Call `fit` with the recipe above but for `changes`."""
    model = model or Tiny()
    return fit(
        model,
        LayerGroups(model),
        losses,
        phases,
        source or Photos(noisy=True),
        val or Photos(5, 4),
        replace(RECIPE, **changes),
        watcher or Quiet(),
        checkpoint,
    )


def same_weights(model: nn.Module, other: nn.Module) -> bool:
    """Say whether every weight and every statistic is the same, bit for bit."""
    ours, theirs = model.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)
