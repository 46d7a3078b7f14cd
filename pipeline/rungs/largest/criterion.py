"""The losses of the rungs for the largest object."""

import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.boxes import LESSON_SIDE
from pipeline.data.batches import Batch


def largest_object_losses(
    outputs: dict[str, Tensor], batch: Batch, *, class_weight: float
) -> dict[str, Tensor]:
    """Return `loss`, its parts `l1_px` (of boxes) and `class_loss` (of classes), and `accuracy`.

    Args:
        outputs: `cls_logits` `(B, C)` and/or `boxes` `(B, 4)` xyxy in input pixels.
        batch: with one object per photo.
        class_weight: `loss` is `l1_px` plus `class_weight` times `class_loss`.
    """
    labels = batch.labels[:, 0]
    weights = batch.weights[:, 0] * ((labels >= 0) & ~batch.ignore[:, 0])
    losses = {"loss": torch.zeros((), device=labels.device)}
    if "boxes" in outputs:
        distance = box_loss(outputs["boxes"].float(), batch.boxes[:, 0], weights)
        losses["l1_px"] = distance * (LESSON_SIDE / batch.images.shape[-1])
        losses["loss"] = losses["loss"] + losses["l1_px"]
    if "cls_logits" in outputs:
        losses["class_loss"] = class_loss(outputs["cls_logits"].float(), labels, weights)
        losses["loss"] = losses["loss"] + class_weight * losses["class_loss"]
        losses["accuracy"] = accuracy(outputs["cls_logits"], labels, weights)
    return losses


def accuracy(cls_logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return the share of photos whose highest logit is that of their class.

    Weights count as in `_mean_over`; shapes are those of `class_loss`.
    """
    return _mean_over((cls_logits.argmax(1) == labels).float(), weights)


def class_loss(cls_logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return the cross-entropy, averaged over photos by `_mean_over`; 0 if none counts.

    Args:
        cls_logits: `(B, C)`.
        labels: `(B,)`, 0..C-1 where a photo counts.
        weights: `(B,)` in 0..1; 0 where a photo has no largest object, or an `ignore` one.
    """
    each = F.cross_entropy(cls_logits, labels.clamp(min=0), reduction="none")
    return _mean_over(each, weights)


def box_loss(boxes: Tensor, gt_boxes: Tensor, weights: Tensor) -> Tensor:
    """Return the L1 distance, averaged over coordinates and, by `_mean_over`, over photos.

    Args:
        boxes: `(B, 4)` xyxy in pixels.
        gt_boxes: `(B, 4)` likewise.
        weights: `(B,)` in 0..1.
    """
    return _mean_over((boxes - gt_boxes).abs().mean(1), weights)


def _mean_over(values: Tensor, weights: Tensor) -> Tensor:
    """Return the sum of the weighted values over max(sum of weights, 1)."""
    weights = weights.to(values)
    return (values * weights).sum() / weights.sum().clamp(min=1)
