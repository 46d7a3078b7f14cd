"""From scores of all anchors to the few detections of a photo."""

import torch
from torch import Tensor
from torchvision.ops import nms

from pipeline.rungs.rung import PhotoDetections

# Per photo. An untrained model scores everything alike; without a cap, NMS would take forever.
MAX_CANDIDATES = 1000


def suppress(
    boxes: Tensor,
    scores: Tensor,
    *,
    min_score: float,
    nms_threshold: float,
    max_detections: int,
) -> list[PhotoDetections]:
    """Return the detections of each photo after non-maximum suppression within each class.

    Args:
        boxes: `(B, A, 4)` xyxy.
        scores: `(B, A, C)` in 0..1.
        min_score: scores up to this are dropped first.
        nms_threshold: of two boxes of a class with a higher IoU the lower-scored is dropped.
        max_detections: K at most, over all classes.

    Returns:
        for each photo `boxes` `(K, 4)`, `scores` `(K,)` descending, `labels` `(K,)`, on the CPU.
    """
    # Only the candidates leave the GPU, not its millions of scores.
    found = torch.where(scores > min_score)
    photo, anchor, label = found
    box, score = boxes[photo, anchor].cpu(), scores[found].cpu()
    photo, label = photo.cpu(), label.cpu()
    candidates = torch.bincount(photo, minlength=len(boxes)).tolist()
    # Boxes are offset by class, so that one NMS serves all classes.
    apart = box + (label * (_extent(box) + 1))[:, None]
    of_photos = zip(
        box.split(candidates),
        score.split(candidates),
        label.split(candidates),
        apart.split(candidates),
        strict=True,
    )
    return [_suppress_photo(*each, nms_threshold, max_detections) for each in of_photos]


def _extent(boxes: Tensor) -> Tensor:
    """Return the largest difference between two coordinates."""
    return boxes.max() - boxes.min() if len(boxes) else torch.zeros(())


def _suppress_photo(
    box: Tensor, score: Tensor, label: Tensor, apart: Tensor, nms_threshold: float, keep: int
) -> PhotoDetections:
    if len(score) > MAX_CANDIDATES:
        score, best = score.topk(MAX_CANDIDATES)
        box, label, apart = box[best], label[best], apart[best]
    kept = nms(apart, score, nms_threshold)[:keep]
    return PhotoDetections(box[kept], label[kept], score[kept])
