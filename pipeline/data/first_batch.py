"""The first photos of a training as they reach the network, so that augmentation can be seen."""

import numpy as np

from pipeline.data.batches import Batches

_PHOTOS = 12


def first_batch(batches: Batches, seed: int) -> np.ndarray:
    """Return a record for each of the first photos of the epoch with this seed, 12 at most.

    An epoch has randomness of its own, so a training stays what it is.

    Args:
        batches: that a rung learns from, at inputs of S x S.
        seed: of the epoch.

    Returns:
        records of `row` in the images table, `pixels` `(S, S, 3)` uint8, `boxes` `(N, 4)` xyxy in
        input pixels, `labels` `(N,)`, -1 where padded, and `ignore` `(N,)` bool.
    """
    batch = next(batches.epoch(seed))
    count = min(_PHOTOS, len(batch.images))  # of several processes this one has its share
    colors = (batch.images[:count] * batches.std + batches.mean).clamp(0, 1)
    parts = {
        "row": batches.photos.rows[batch.photo[:count].numpy()],
        "pixels": colors.mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy(),
        "boxes": batch.boxes[:count].cpu().numpy(),
        "labels": batch.labels[:count].cpu().numpy(),
        "ignore": batch.ignore[:count].cpu().numpy(),
    }
    fields = [(name, part.dtype, part.shape[1:]) for name, part in parts.items()]
    records = np.zeros(count, fields)
    for name, part in parts.items():
        records[name] = part
    return records
