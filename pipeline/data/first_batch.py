"""The first photos of an epoch, augmented, to show what augmentation does."""

import numpy as np

from pipeline.data.batches import Batches

_PHOTOS = 12


def first_batch(batches: Batches, seed: int) -> np.ndarray:
    """Return one record for each of the first photos of an epoch, at most 12.

    An epoch has its own random generator, so this does not change the training.

    Args:
        batches: a rung's training batches, at inputs of S x S.
        seed: of the epoch.

    Returns:
        records of `row` in the images table, `pixels` `(S, S, 3)` uint8, `boxes` `(N, 4)` xyxy in
        input pixels, `labels` `(N,)`, -1 where padded, and `ignore` `(N,)` bool.
    """
    batch = next(batches.epoch(seed))
    count = min(_PHOTOS, len(batch.images))  # in distributed training, this rank's slice
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
