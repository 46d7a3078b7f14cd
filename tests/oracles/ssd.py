"""Matching and losses of SSD as their sources write them: a photo, object or anchor at a time.

The lesson's are from its notebook, ATSS is told in arXiv:1912.02424, quality focal loss in
arXiv:2006.04388.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import box_iou, generalized_box_iou_loss

from pipeline.rungs.ssd.matching import BACKGROUND, IGNORE


def lesson_match(boxes: Tensor, anchors: Tensor, threshold: float) -> Tensor:
    """Return each anchor's object, -1 for none, of one photo as the lesson's notebook has it."""
    if not len(boxes):
        return torch.full((len(anchors),), -1)
    overlaps = box_iou(boxes, anchors)
    overlap, owner = overlaps.max(0)
    for number, anchor in enumerate(overlaps.max(1).indices):
        overlap[anchor], owner[anchor] = 1.99, number
    return torch.where(overlap > threshold, owner, -1)


def lesson_photo(
    logits: Tensor,
    boxes: Tensor,
    gt_boxes: Tensor,
    labels: Tensor,
    anchors: Tensor,
    size: int,
    threshold: float,
    gamma: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Return the two losses of one photo as the lesson's `ssd_1_loss` has them."""
    present, num_classes = labels >= 0, logits.shape[1]
    gt_boxes, labels = gt_boxes[present], labels[present]
    owner = lesson_match(gt_boxes, anchors, threshold)
    positive, wanted = owner >= 0, torch.full((len(anchors),), num_classes)
    wanted[positive] = labels[owner[positive]]
    one_hot = torch.eye(num_classes + 1)[wanted][:, :-1]
    each = F.binary_cross_entropy_with_logits(logits, one_hot, reduction="none")
    if gamma:
        p = logits.sigmoid()
        pt = p * one_hot + (1 - p) * (1 - one_hot)
        each = each * (0.25 * one_hot + 0.75 * (1 - one_hot)) * (1 - pt) ** gamma
    class_loss = each.sum() / num_classes
    if not positive.any():
        return class_loss, boxes.sum() * 0
    distance = boxes[positive] / size - gt_boxes[owner[positive]] / size
    return class_loss, distance.abs().mean()


def atss_match(
    boxes: Tensor, present: Tensor, ignore: Tensor, anchors: Tensor, level_sizes: Sequence[int]
) -> list[int]:
    """Match one photo object by object, anchor by anchor, as arXiv:1912.02424 tells it."""
    owner, best = [BACKGROUND] * len(anchors), [-1.0] * len(anchors)
    centres = (anchors[:, :2] + anchors[:, 2:]) / 2
    for number in torch.where(present)[0].tolist():
        box = boxes[number]
        distance = (centres - (box[:2] + box[2:]) / 2).pow(2).sum(1).sqrt().tolist()
        candidates, start = [], 0
        for size in level_sizes:
            level = sorted(range(start, start + size), key=distance.__getitem__)
            candidates += level[:9]
            start += size
        iou = box_iou(box[None], anchors)[0].tolist()
        of_candidates = torch.tensor([iou[c] for c in candidates], dtype=torch.float64)
        threshold = of_candidates.mean() + of_candidates.std()
        for c in candidates:
            x, y = centres[c].tolist()
            inside = box[0] < x < box[2] and box[1] < y < box[3]
            if inside and iou[c] >= threshold and iou[c] > best[c]:
                best[c], owner[c] = iou[c], IGNORE if ignore[number] else number
    return owner


def pyramid_losses(
    logits: Tensor, boxes: Tensor, gt_boxes: Tensor, labels: Tensor, matched: Tensor
) -> tuple[Tensor, Tensor]:
    """Return both losses, summed anchor by anchor with torchvision's IoU and GIoU."""
    class_loss, box_loss = torch.zeros(()), torch.zeros(())
    weights, positives = 0.0, 0
    for photo in range(len(logits)):
        for anchor, number in enumerate(matched[photo].tolist()):
            wanted = torch.zeros(logits.shape[-1])
            if number >= 0:
                pair = boxes[photo, anchor][None], gt_boxes[photo, number][None]
                quality = box_iou(*pair).item()
                wanted[labels[photo, number]] = quality
                weight = max(quality, 0.05)
                box_loss = box_loss + weight * generalized_box_iou_loss(*pair)[0]
                weights, positives = weights + weight, positives + 1
            if number != IGNORE:
                scores = logits[photo, anchor].sigmoid()
                each = F.binary_cross_entropy(scores, wanted, reduction="none")
                class_loss = class_loss + (each * (wanted - scores).abs() ** 2).sum()
    return class_loss / max(positives, 1), box_loss / max(weights, 1)
