"""The features of a frozen backbone, computed once per photo and then read from disk.

While only the head is trained, the backbone's features of the same pixels never change. So each
photo has one augmented view for the whole phase, and every further epoch costs only the head.
"""

import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from torch import Tensor

from pipeline.data import ranks
from pipeline.data.batches import Batch, Batches
from pipeline.models.precision import autocast
from pipeline.rungs.rung import Outputs, RungModel


@dataclass(frozen=True)
class FeatureBatch(Batch):
    """A batch with precomputed features.

    Attributes:
        images: a placeholder of the right shape and device.
        features: the input of the model's `read`.
    """

    features: list[Tensor]


def outputs_of(model: RungModel, batch: Batch) -> Outputs:
    """Return the model's outputs for a batch of images or of features."""
    if isinstance(batch, FeatureBatch):
        return model.read(batch.features, batch.images.shape[-1])
    return model(batch.images)


class FeatureCache:
    """A source of `FeatureBatch`es: the photos of another source, run through the backbone once.

    In distributed training each rank computes its slice of a shuffled batch but stores the whole,
    because the next epoch is sliced differently. Plain batches stay with the rank that takes them.

    Args:
        source: the batches to run; the photos that an epoch of it would drop are included.
        model: its backbone is frozen and in evaluation mode.
        seed: of the augmented views.
        shuffled: shuffle the photos again in every epoch.
        precision: see `autocast`.
        folder: for unnamed files with all features, which vanish when the process ends.
    """

    def __init__(
        self,
        source: Batches,
        model: RungModel,
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
        self._features: list[Tensor] = []  # (photos, rows, columns, channels), on disk
        self._photos: Batch | None = None  # all of them in one batch, with placeholder images

    def __len__(self) -> int:
        return len(self.source)

    def epoch(self, seed: int) -> Iterator[FeatureBatch]:
        """Yield one pass over the photos; the seed determines their order."""
        photos = self._photos = self._photos or self._cache_all()
        if photos is None:
            return
        order = torch.arange(len(photos.photo))
        if self.shuffled:
            order = torch.randperm(len(order), generator=torch.Generator().manual_seed(seed))
        size = self.source.batch_size
        for chosen in order[: len(self) * size].split(size):
            columns = {name: getattr(photos, name)[chosen] for name in _columns(photos)}
            mine = chosen[ranks.rank_slice(len(chosen))] if self.shuffled else chosen
            yield FeatureBatch(
                images=photos.images[:1].expand(len(mine), -1, -1, -1),
                features=[level[mine].permute(0, 3, 1, 2) for level in self._features],
                **columns,
            )

    @torch.no_grad()
    def _cache_all(self) -> Batch | None:
        """Store the features of all photos, and return everything else about them as one batch.

        None on a rank without photos: there may be fewer plain batches than ranks.
        """
        seen: list[dict[str, Tensor]] = []
        start = 0
        for batch in self.source.epoch(self.seed, whole=True):
            with autocast(batch.images.device, self.precision):
                levels = [
                    self._of_all(level.permute(0, 2, 3, 1), len(batch.photo))
                    for level in self.model.features(batch.images)
                ]
            if not self._features:
                no_images = batch.images.new_zeros(1).expand_as(batch.images)
                photos = (len(self.source) + 1) * len(batch.photo)  # at most
                self._features = [_on_disk(level, photos, self.folder) for level in levels]
            end = start + len(batch.photo)
            for kept, level in zip(self._features, levels, strict=True):
                kept[start:end] = level
            start = end
            seen.append({name: getattr(batch, name) for name in _columns(batch)})
        if not seen:
            return None
        columns = {name: torch.cat([rows[name] for rows in seen]) for name in seen[0]}
        return Batch(images=no_images, **columns)

    def _of_all(self, level: Tensor, photos: int) -> Tensor:
        return ranks.gather_rows(level, photos) if self.shuffled else level


def _columns(batch: Batch) -> list[str]:
    return [field.name for field in fields(batch) if field.name != "images"]


def _on_disk(level: Tensor, photos: int, folder: Path) -> Tensor:
    """Return a tensor on disk for the maps of all photos, where `level` has those of a batch."""
    shape = (photos, *level.shape[1:])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        room = torch.from_file(file.name, shared=True, size=math.prod(shape), dtype=level.dtype)
    return room.view(shape)
