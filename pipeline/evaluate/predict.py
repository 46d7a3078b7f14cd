"""Step 7: from scores of all anchors to the few detections of a photo."""

import torch
from torch import Tensor
from torchvision.ops import batched_nms

# An untrained model scores everything alike; without a cap its first epochs would take for ever.
_MAX_CANDIDATES = 1000


def suppress(
    boxes: Tensor,
    scores: Tensor,
    *,
    score_threshold: float,
    nms_threshold: float,
    max_detections: int,
) -> list[dict[str, Tensor]]:
    """Return the detections of each photo after non-maximum suppression within each class.

    Args:
        boxes: `(B, A, 4)` xyxy.
        scores: `(B, A, C)` in 0..1.
        score_threshold: scores up to this are dropped first.
        nms_threshold: of two boxes of a class with a higher IoU the lower-scored is dropped.
        max_detections: K at most, over all classes.

    Returns:
        for each photo `boxes` `(K, 4)`, `scores` `(K,)` falling, `labels` `(K,)`, on the CPU.
    """
    return [
        _suppress_photo(*photo, score_threshold, nms_threshold, max_detections)
        for photo in zip(boxes.cpu(), scores.cpu(), strict=True)
    ]


def _suppress_photo(
    boxes: Tensor, scores: Tensor, score_threshold: float, nms_threshold: float, keep: int
) -> dict[str, Tensor]:
    anchor, label = torch.where(scores > score_threshold)
    score = scores[anchor, label]
    if len(score) > _MAX_CANDIDATES:
        score, best = score.topk(_MAX_CANDIDATES)
        anchor, label = anchor[best], label[best]
    kept = batched_nms(boxes[anchor], score, label, nms_threshold)[:keep]
    return {"boxes": boxes[anchor[kept]], "scores": score[kept], "labels": label[kept]}
