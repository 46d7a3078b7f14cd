"""Mean average precision on val after each epoch, in the same pass as the losses.

The rules are those of `pipeline/evaluate/voc_ap.py`, on whole batches of tensors. That code is not
used here, because then every change to the evaluation would retrain all rungs.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torchvision.ops import box_iou

from pipeline.data import ranks
from pipeline.data.batches import Batch
from pipeline.rungs.rung import PhotoDetections

_IOU = 0.5


class Ranking:
    """Collects the detections of a split batch by batch, and which of them are true positives."""

    def __init__(self) -> None:
        self._scores: list[Tensor] = []
        self._labels: list[Tensor] = []
        self._right: list[Tensor] = []
        self._wanted: list[Tensor] = []  # the class of every object to find

    def add(self, found: Sequence[PhotoDetections], batch: Batch) -> None:
        """Match the detections of a batch's photos, in their order, with the photos' objects."""
        boxes = pad_sequence([one.boxes.float() for one in found], batch_first=True)
        scores = pad_sequence([one.scores.float() for one in found], batch_first=True)
        labels = pad_sequence([one.labels for one in found], True, padding_value=-2)
        theirs, ignore = batch.labels.cpu(), batch.ignore.cpu()
        right, left_out = _match(boxes, labels, batch.boxes.cpu(), theirs, ignore)
        ranked = (labels >= 0) & ~left_out
        self._scores.append(scores[ranked])
        self._labels.append(labels[ranked])
        self._right.append(right[ranked])
        self._wanted.append(theirs[(theirs >= 0) & ~ignore])

    def mean_average_precision(self) -> float:
        """Return the mean over the classes that have objects, 0 if none has any."""
        parts = (self._scores, self._labels, self._right, self._wanted)
        scores, labels, right, wanted = (
            torch.cat(ranks.gather_round_robin(part)) for part in parts
        )
        ranking = scores.argsort(descending=True, stable=True)
        labels, right = labels[ranking], right[ranking]
        classes, counts = wanted.unique(return_counts=True)
        each = [
            _area(right[labels == label], int(count))
            for label, count in zip(classes, counts, strict=True)
        ]
        return sum(each) / max(len(each), 1)


def _match(
    boxes: Tensor, labels: Tensor, their_boxes: Tensor, their_labels: Tensor, ignore: Tensor
) -> tuple[Tensor, Tensor]:
    """Return which detections `(B, K)` are true positives, and which to leave out of the ranking.

    Each is matched to the object of its class that it overlaps most; the first, best-scored match
    of an object is its true positive.
    """
    if not boxes.shape[1] or not their_boxes.shape[1]:
        return torch.zeros_like(labels, dtype=torch.bool), torch.zeros_like(
            labels, dtype=torch.bool
        )
    alike = labels[:, :, None] == their_labels[:, None, :]
    overlap = box_iou(boxes, their_boxes).where(alike, 0.0)  # (B, K, N)
    iou, best = overlap.max(-1)
    matched = iou > _IOU
    left_out = matched & ignore.gather(1, best)
    claims = torch.zeros_like(overlap).scatter(2, best[..., None], 1.0)
    claims *= (matched & ~left_out)[..., None]
    first = (claims > 0) & (claims.cumsum(1) == 1)
    return first.any(-1), left_out


def _area(right: Tensor, objects: int) -> float:
    """Return the area under the precision envelope of one class, from its ranking."""
    precision = right.cumsum(0).double() / torch.arange(1, len(right) + 1)
    envelope = precision.flip(0).cummax(0).values.flip(0) if len(right) else precision
    return float(envelope[right].sum()) / objects
