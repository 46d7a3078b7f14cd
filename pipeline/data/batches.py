"""Batches on the device, made from rows of the tables and pixels of the store."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.data import ranks
from pipeline.data.augment import (
    change_lighting_,
    hardly_visible,
    random_lighting,
    random_matrices,
    warp_boxes,
    warp_images,
)
from pipeline.data.photos import Photos
from pipeline.params.train import AugmentParams

# On their way to a GPU, whose memory may exceed that of the machine.
_PHOTOS_AT_ONCE = 1000


@dataclass(frozen=True)
class Batch:
    """The input of a model and the targets of its losses.

    Attributes:
        images: `(B, 3, S, S)` normalised; in distributed training only this rank's slice.
        boxes: `(B, N, 4)` xyxy in input pixels; 0 where padded.
        labels: `(B, N)`; -1 where padded.
        ignore: `(B, N)` bool.
        weights: `(B, N)` float32 in 0..1, see `Photos`.
        photo: `(B,)` positions in `Photos`.
    """

    images: Tensor
    boxes: Tensor
    labels: Tensor
    ignore: Tensor
    weights: Tensor
    photo: Tensor


class Batches:
    """Batches of `photos` at one input size: shuffled and augmented, or plain and in order.

    Args:
        photos: what to serve.
        image_size: side S of the network's input.
        batch_size: B; the last batch of a plain pass may be smaller.
        mean, std: the normalisation that the backbone expects, for pixels in 0..1.
        device: where batches are made.
        augment: None yields every photo once, in order; otherwise photos are shuffled and
            augmented, and an epoch drops its last, incomplete batch.

    In distributed training the ranks split each augmented batch, and take plain batches
    round-robin.
    """

    def __init__(
        self,
        photos: Photos,
        *,
        image_size: int,
        batch_size: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        device: torch.device,
        augment: AugmentParams | None = None,
    ):
        self.photos = photos
        self.image_size = image_size
        self.batch_size = min(batch_size, len(photos)) if augment else batch_size
        self.mean = torch.tensor(mean, device=device).view(1, 3, 1, 1)
        self.std = torch.tensor(std, device=device).view(1, 3, 1, 1)
        self.device = device
        self.augment = augment
        self._store = _on_device(photos, device)

    def __len__(self) -> int:
        if self.augment:
            return len(self.photos) // self.batch_size
        return -(-len(self.photos) // self.batch_size)

    def epoch(self, seed: int, *, whole: bool = False) -> Iterator[Batch]:
        """Yield one pass over the photos; the seed determines order and augmentation.

        A `whole` pass drops no photo, so its last batch may be smaller.
        """
        generator = torch.Generator().manual_seed(seed)
        order = torch.arange(len(self.photos))
        if self.augment:
            order = torch.randperm(len(self.photos), generator=generator)
        end = len(order) if whole else len(self) * self.batch_size
        for number, start in enumerate(range(0, end, self.batch_size)):
            if self.augment or ranks.is_mine(number):
                yield self._batch(order[start : start + self.batch_size], generator)

    def _batch(self, chosen: Tensor, generator: torch.Generator) -> Batch:
        size = self.image_size
        # Rows are read in the store's order, which is fastest on disk.
        chosen = chosen.sort().values
        mine = ranks.rank_slice(len(chosen)) if self.augment else slice(None)
        pixels = self._pixels(chosen[mine])
        boxes, labels, ignore, weights = (
            part.to(self.device, non_blocking=True) for part in self.photos.objects_of(chosen)
        )
        if self.augment:
            matrices, factors = self._changes(len(chosen), generator, self.augment)
            own_factors = None if factors is None else factors[:, mine]
            images = self._warped(pixels, matrices[mine], own_factors)
            boxes, visible = warp_boxes(boxes, matrices, size)
            ignore = ignore | hardly_visible(boxes, visible)
        else:
            pixels = pixels.permute(0, 3, 1, 2)
            images = self._resized((pixels.float() / 255 - self.mean) / self.std)
            boxes = boxes * size
        images = images.contiguous(memory_format=torch.channels_last)
        return Batch(images, boxes, labels, ignore & (labels >= 0), weights, chosen)

    def _pixels(self, chosen: Tensor) -> Tensor:
        """Return the pixels `(B, S, S, 3)` of these photos, on the device."""
        if self._store is not None:
            return self._store[chosen.to(self.device, non_blocking=True)]
        pixels = torch.from_numpy(self.photos.pixels[self.photos.rows[chosen.numpy()]])
        return pixels.to(self.device, non_blocking=True)

    def _changes(
        self, batch: int, generator: torch.Generator, augment: AugmentParams
    ) -> tuple[Tensor, Tensor | None]:
        factors = random_lighting(batch, generator, augment.lighting)
        matrices = random_matrices(batch, generator, augment)
        if factors is not None:
            factors = factors.to(self.device, non_blocking=True)
        return matrices.to(self.device, non_blocking=True), factors

    def _warped(self, pixels: Tensor, matrices: Tensor, factors: Tensor | None) -> Tensor:
        """Return normalised images of pixels `(B, S, S, 3)`, with warp and lighting applied."""
        images = warp_images(self._centred(pixels), matrices, self.image_size).div_(255)
        if factors is not None:
            images = change_lighting_(images.add_(self.mean), factors).sub_(self.mean)
        return images.div_(self.std)

    def _centred(self, pixels: Tensor) -> Tensor:
        """Return pixels `(B, S, S, 3)` as `(B, 3, S, S)` with the mean colour at 0, unscaled."""
        # Subtract whole rows: broadcasting three numbers takes four times as long.
        row = self.mean.flatten().mul(255).repeat(pixels.shape[2])
        centred = pixels.flatten(2).float().sub_(row)
        return centred.view(pixels.shape).permute(0, 3, 1, 2)

    def _resized(self, images: Tensor) -> Tensor:
        if images.shape[-1] == self.image_size:
            return images
        return F.interpolate(images, size=(self.image_size,) * 2, mode="bilinear", antialias=True)


def _on_device(photos: Photos, device: torch.device) -> Tensor | None:
    """Return the pixels of the split `(M, S, S, 3)` in GPU memory; None if they do not fit.

    They may take half of the free memory; the rest is for the model.
    """
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    photo = photos.pixels[0]
    if len(photos) * photo.nbytes > free / 2:
        return None
    store = torch.empty((len(photos), *photo.shape), dtype=torch.uint8, device=device)
    for start in range(0, len(photos), _PHOTOS_AT_ONCE):
        rows = photos.rows[start : start + _PHOTOS_AT_ONCE]
        store[start : start + len(rows)] = torch.from_numpy(photos.pixels[rows])
    return store
