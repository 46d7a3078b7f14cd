"""The losses of the SSD rungs, over a whole padded batch at once.

Nothing here synchronises with the device: masks and weights, no index lists.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.rungs.ssd.matching import BACKGROUND, IGNORE
from pipeline.rungs.ssd.softplus import softplus

_FOCAL_ALPHA = 0.25  # arXiv:1708.02002, table 1b
_QUALITY_BETA = 2.0  # arXiv:2006.04388, table 6
_MIN_QUALITY = 0.05  # in the box loss; a box with IoU 0 would otherwise never get a gradient
_TINY = 1e-9  # square pixels


def grid_ssd_losses(
    cls_logits: Tensor,
    boxes: Tensor,
    gt_boxes: Tensor,
    labels: Tensor,
    matched_idxs: Tensor,
    weights: Tensor,
    image_size: int,
    focal_gamma: float,
) -> dict[str, Tensor]:
    """Return the lesson's two losses, each the mean over photos of the lesson's loss per photo.

    `class_loss` is the binary cross-entropy of every anchor and class, summed and divided by C.
    The background has no column: the targets of an unmatched anchor are all 0. An `IGNORE` anchor
    does not count. `box_loss` is the mean L1 distance of matched boxes as a share of the image's
    side, 0 for a photo without objects.

    Args:
        cls_logits: `(B, A, C)`.
        boxes: `(B, A, 4)` xyxy in pixels, decoded.
        gt_boxes: `(B, N, 4)` xyxy in pixels.
        labels: `(B, N)`.
        matched_idxs: `(B, A)`, see `matching`.
        weights: `(B, N)` in 0..1, how much each object counts.
        image_size: S.
        focal_gamma: of the lesson's focal weight, which is not detached; 0 for plain cross-entropy.
    """
    matched, foreground = _objects_of_anchors(matched_idxs)
    weight = _weight_of_anchors(weights, matched_idxs)
    class_sum = _cross_entropy(
        cls_logits, labels.gather(1, matched), foreground, weight, focal_gamma
    )
    distance = (boxes - _boxes_of_anchors(gt_boxes, matched)).abs().mean(-1) / image_size  # (B, A)
    count = foreground.sum(1)
    box_loss = ((distance * (foreground * weight)).sum(1) / count.clamp(min=1)).mean()
    class_loss = class_sum / cls_logits.shape[-1] / len(boxes)
    return {"class_loss": class_loss, "box_loss": box_loss}


def pyramid_ssd_losses(
    cls_logits: Tensor,
    boxes: Tensor,
    gt_boxes: Tensor,
    labels: Tensor,
    matched_idxs: Tensor,
    weights: Tensor,
) -> dict[str, Tensor]:
    """Return quality focal loss (arXiv:2006.04388) and generalised IoU loss (arXiv:1902.09630).

    A matched anchor's target score is the IoU of its box, so that scores rank by localisation too;
    the IoU also weighs its box loss, as in that paper. The first is divided by the batch's
    number of matched anchors, the second by the sum of its weights. Shapes as in
    `grid_ssd_losses`; anchors that are `IGNORE` count in neither loss.
    """
    matched, foreground = _objects_of_anchors(matched_idxs)
    iou, generalised_iou = _paired_ious(boxes, _boxes_of_anchors(gt_boxes, matched))
    quality = torch.where(foreground, iou.detach(), 0.0)  # (B, A)
    wanted = _one_hot(labels.gather(1, matched), foreground, cls_logits) * quality[..., None]
    distance = (wanted - cls_logits.sigmoid()).abs().pow(_QUALITY_BETA)
    each = _binary_cross_entropy(cls_logits, wanted) * distance
    weight = _weight_of_anchors(weights, matched_idxs)
    class_loss = (each * weight[..., None]).sum() / foreground.sum().clamp(min=1)
    weight = torch.where(foreground, quality.clamp(min=_MIN_QUALITY), 0.0) * weight
    box_loss = ((1 - generalised_iou) * weight).sum() / weight.sum().clamp(min=1)
    return {"class_loss": class_loss, "box_loss": box_loss}


def _cross_entropy(
    cls_logits: Tensor, labels: Tensor, foreground: Tensor, weight: Tensor, focal_gamma: float
) -> Tensor:
    """Return the summed binary cross-entropy; the other tensors are of anchors `(B, A)`."""
    if not focal_gamma:
        # As below, but without `(B, A, C)` targets, which are nearly all 0.
        right = cls_logits.gather(2, labels.clamp(min=0)[..., None])[..., 0]  # (B, A)
        return ((softplus(cls_logits).sum(2) - right * foreground) * weight).sum()
    wanted = _one_hot(labels, foreground, cls_logits)
    each = _binary_cross_entropy(cls_logits, wanted)  # (B, A, C)
    return (each * _focal_weight(cls_logits, wanted, focal_gamma) * weight[..., None]).sum()


def _binary_cross_entropy(cls_logits: Tensor, wanted: Tensor) -> Tensor:
    return softplus(cls_logits) - cls_logits * wanted


def _objects_of_anchors(matched_idxs: Tensor) -> tuple[Tensor, Tensor]:
    """Return a valid index `(B, A)` for every anchor, and which are foreground."""
    return matched_idxs.clamp(min=0), matched_idxs > BACKGROUND


def _weight_of_anchors(weights: Tensor, matched_idxs: Tensor) -> Tensor:
    """Return `(B, A)`: the weight of a matched anchor's object, 1 of background, 0 of `IGNORE`."""
    # The weights of `IGNORE` (-2) and `BACKGROUND` (-1) go in front of those of the objects.
    known = F.pad(F.pad(weights, (1, 0), value=1.0), (1, 0), value=0.0)
    return known.gather(1, matched_idxs - IGNORE)


def _boxes_of_anchors(gt_boxes: Tensor, matched: Tensor) -> Tensor:
    return gt_boxes.gather(1, matched[..., None].expand(-1, -1, 4))


def _one_hot(labels: Tensor, foreground: Tensor, like: Tensor) -> Tensor:
    """Return `(B, A, C)`: 1 in the column of a foreground anchor's label, 0 elsewhere."""
    column = labels.clamp(min=0)[..., None]
    return torch.zeros_like(like).scatter(2, column, foreground[..., None].to(like))


def _focal_weight(cls_logits: Tensor, wanted: Tensor, gamma: float) -> Tensor:
    probability = cls_logits.sigmoid()
    right = probability * wanted + (1 - probability) * (1 - wanted)
    alpha = _FOCAL_ALPHA * wanted + (1 - _FOCAL_ALPHA) * (1 - wanted)
    return alpha * (1 - right).pow(gamma)


def _paired_ious(boxes: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return the IoU and the generalised IoU `(...)` of boxes `(..., 4)` with their partners.

    Torchvision's loss selects overlapping pairs by index, which synchronises with a GPU. Empty
    boxes have an IoU of 0.
    """
    lower, upper = torch.max(boxes, targets), torch.min(boxes, targets)
    overlap = _area(lower[..., :2], upper[..., 2:])
    hull = _area(upper[..., :2], lower[..., 2:])
    areas = [_area(each[..., :2], each[..., 2:]) for each in (boxes, targets)]
    union = areas[0] + areas[1] - overlap
    iou = overlap / union.clamp(min=_TINY)
    return iou, iou - (hull - union) / hull.clamp(min=_TINY)


def _area(corner: Tensor, opposite: Tensor) -> Tensor:
    width, height = (opposite - corner).clamp(min=0).unbind(-1)
    return width * height
