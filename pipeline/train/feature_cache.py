"""The features of a frozen backbone, computed once for each photo and then read from disk.

While only the head learns, the backbone's features of the same pixels never change. So each
photo has one augmented view for the whole phase, and a further epoch costs the head alone.
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
    """A batch of which the features are known.

    Attributes:
        images: have the right shape and device, and no content.
        features: what the model's `read` takes.
    """

    features: list[Tensor]


def outputs_of(model: RungModel, batch: Batch) -> Outputs:
    """Return the model's outputs for a batch of images or of features."""
    if isinstance(batch, FeatureBatch):
        return model.read(batch.features, batch.images.shape[-1])
    return model(batch.images)


class FeatureCache:
    """A source of `FeatureBatch`es: the photos of another source, run through the backbone once.

    Where several processes train, each computes its share of what is shuffled, and keeps all of it:
    the next epoch has other shares. Plain batches stay with the one whose turn they are.

    Args:
        source: of batches. Photos that it leaves out of an epoch, others each time, are included.
        model: its backbone is frozen and in evaluation mode.
        seed: of the views.
        shuffled: shuffle the photos again in every epoch.
        precision: see `autocast`.
        folder: takes an unnamed file of all features, which goes when the process ends.
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
        self._photos: Batch | None = None  # all of them; its images have no content

    def __len__(self) -> int:
        return len(self.source)

    def epoch(self, seed: int) -> Iterator[FeatureBatch]:
        """Yield one pass; equal seeds give equal passes."""
        photos = self._photos = self._photos or self._see_all()
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
    def _see_all(self) -> Batch | None:
        """Keep the features of all photos, and return what else is known of them, if there are any.

        There are none where fewer batches than processes take turns.
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
                photos = (len(self.source) + 1) * len(batch.photo)  # what is too many stays empty
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
    """Return room for maps `(B, rows, columns, channels)` of so many photos."""
    shape = (photos, *level.shape[1:])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        room = torch.from_file(file.name, shared=True, size=math.prod(shape), dtype=level.dtype)
    return room.view(shape)
