"""Step 6: losses of the rungs that speak of the largest object."""

from torch import Tensor
from torch.nn import functional as F


def class_loss(cls_logits: Tensor, labels: Tensor, asked: Tensor) -> Tensor:
    """Return the mean cross-entropy over the photos that are asked about; 0 if there are none.

    Args:
        cls_logits: `(B, C)`.
        labels: `(B,)`, 0..C-1 where asked.
        asked: `(B,)` bool.
    """
    each = F.cross_entropy(cls_logits, labels.clamp(min=0), reduction="none")
    return _mean_over(each, asked)


def box_loss(boxes: Tensor, gt_boxes: Tensor, asked: Tensor) -> Tensor:
    """Return the mean L1 distance in pixels, over four coordinates and the photos asked about.

    Args:
        boxes: `(B, 4)` xyxy in pixels.
        gt_boxes: `(B, 4)` likewise.
        asked: `(B,)` bool.
    """
    return _mean_over((boxes - gt_boxes).abs().mean(1), asked)


def _mean_over(values: Tensor, asked: Tensor) -> Tensor:
    weight = asked.to(values)
    return (values * weight).sum() / weight.sum().clamp(min=1)
