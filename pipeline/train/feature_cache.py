"""Step 6: what a frozen backbone says of each photo is computed once and then read.

While only the head learns, the backbone says the same of the same pixels in every epoch. So each
photo has one augmented view for the whole phase, and a further epoch costs the head alone.
"""

import copy
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.models.folding import fold_batch_norms
from pipeline.models.precision import autocast


@dataclass(frozen=True)
class FeatureBatch:
    """A batch of which the features are known; everything else is looked up in the batch itself.

    Attributes:
        features: what the model's `read` takes.
        batch: its `images` have the right shape and device, and no content.
    """

    features: list[Tensor]
    batch: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.batch, name)


def outputs_of(model: nn.Module, batch: Any) -> dict[str, Tensor]:
    """Return the model's outputs for a batch of images or of features."""
    if isinstance(batch, FeatureBatch):
        return model.read(batch.features, batch.images.shape[-1])
    return model(batch.images)


class FeatureCache:
    """A source of `FeatureBatch`es: the photos of another source, looked at once.

    Args:
        source: of batches, which are dataclasses of tensors with a row for each photo. Photos that
            it leaves out of an epoch, others each time, are looked at as well.
        model: with a frozen backbone at rest; has `features` and `read`.
        seed: of the views.
        shuffled: mix the photos anew in every epoch.
        precision: see `autocast`.
        folder: takes a nameless file of all features, which goes with the process.
    """

    def __init__(
        self,
        source: Any,
        model: nn.Module,
        *,
        seed: int,
        shuffled: bool,
        precision: str,
        folder: Path,
    ):
        self.source = source
        self.model = model
        self.seed = seed
        self.shuffled = shuffled
        self.precision = precision
        self.folder = folder
        self._levels: list[Tensor] = []  # (photos, rows, columns, channels), on disk
        self._rows: Any = None  # a batch of all photos; its images are as many as a batch has

    def __len__(self) -> int:
        return len(self.source)

    def epoch(self, seed: int) -> Iterator[FeatureBatch]:
        """Yield one pass; equal seeds give equal passes."""
        if self._rows is None:
            self._look()
        photos = len(self._rows.photo)
        order = torch.arange(photos)
        if self.shuffled:
            order = torch.randperm(photos, generator=torch.Generator().manual_seed(seed))
        batch_size = len(self._rows.images)
        for chosen in order[: len(self) * batch_size].split(batch_size):
            features = [level[chosen].permute(0, 3, 1, 2) for level in self._levels]
            images = self._rows.images[:1].expand(len(chosen), -1, -1, -1)
            rows = {name: getattr(self._rows, name)[chosen] for name in _columns(self._rows)}
            yield FeatureBatch(features, replace(self._rows, images=images, **rows))

    @torch.no_grad()
    def _look(self) -> None:
        start, batches = 0, []
        still = None  # the model, quicker where it does not learn
        for batch in self.source.epoch(self.seed, whole=True):
            if still is None:
                still = fold_batch_norms(copy.deepcopy(self.model).eval(), batch.images[:1])
            with autocast(batch.images.device, self.precision):
                levels = still.features(batch.images)
            if not self._levels:
                photos = (len(self.source) + 1) * len(batch.images)  # what is too many stays empty
                self._levels = [_on_disk(level, photos, self.folder) for level in levels]
            end = start + len(batch.images)
            for kept, level in zip(self._levels, levels, strict=True):
                kept[start:end] = level.permute(0, 2, 3, 1)
            start = end
            batches.append(replace(batch, images=batch.images.new_zeros(1).expand_as(batch.images)))
        first = batches[0]
        joined = {name: torch.cat([getattr(b, name) for b in batches]) for name in _columns(first)}
        self._rows = replace(first, **joined)


def _columns(batch: Any) -> list[str]:
    return [field.name for field in fields(batch) if field.name != "images"]


def _on_disk(level: Tensor, photos: int, folder: Path) -> Tensor:
    """Return room for maps `(B, channels, rows, columns)` of so many photos, channels last."""
    shape = (photos, *level.shape[2:], level.shape[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        room = torch.from_file(file.name, shared=True, size=math.prod(shape), dtype=level.dtype)
    return room.view(shape)
