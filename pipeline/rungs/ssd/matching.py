"""Matching of anchors to objects.

All functions work on a whole padded batch, and none synchronises with a GPU. `matched_idxs`
`(B, A)` holds the index of the object that each anchor is matched to, or one of the two values
below.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

BACKGROUND = -1
IGNORE = -2  # left out of the loss

# Pairs of an object and an anchor: as many as fit a core's cache, where a CPU is fastest.
_CACHED_PAIRS = 200_000

_ATSS_CANDIDATES = 9  # arXiv:1912.02424, section 4.2: k = 9, with similar results from 7 to 17


def match_iou(boxes: Tensor, present: Tensor, anchors: Tensor, threshold: float) -> Tensor:
    """Return `matched_idxs` `(B, A)` by the lesson's rule: IoU above a threshold, or best anchor.

    Each anchor takes the object it overlaps most, if by more than `threshold`; each object gets its
    best anchor in any case, unless it overlaps none. If two objects share a best anchor, the later
    one gets it.

    Args:
        boxes: `(B, N, 4)` xyxy.
        present: `(B, N)` bool; False for padding and for what must not be matched.
        anchors: `(A, 4)` xyxy in the same unit.
        threshold: 0..1, exceeded strictly.
    """
    parts = _photos_at_once(anchors, boxes, present)
    return torch.cat([_match_iou(some, here, anchors, threshold) for some, here in parts])


def _match_iou(boxes: Tensor, present: Tensor, anchors: Tensor, threshold: float) -> Tensor:
    iou = _batched_iou(boxes, present, anchors)  # (B, N, A)
    overlap, matched_idxs = iou.max(1)  # (B, A)
    matched_idxs = torch.where(overlap > threshold, matched_idxs, BACKGROUND)
    best_iou, best_anchor = iou.max(2)  # (B, N)
    forced = torch.full_like(matched_idxs, BACKGROUND)
    objects = torch.arange(boxes.shape[1], device=boxes.device).expand_as(best_anchor)
    objects = torch.where(present & (best_iou > 0), objects, BACKGROUND)
    # "amax" lets the later object win, in whatever order it is written.
    forced = forced.scatter_reduce(1, best_anchor, objects, "amax")
    return torch.where(forced >= 0, forced, matched_idxs)


def match_grid_ssd(
    boxes: Tensor,
    present: Tensor,
    ignore: Tensor,
    anchors: Tensor,
    threshold: float,
    *,
    ignored_is_background: bool,
) -> Tensor:
    """Return `matched_idxs` `(B, A)` of `match_iou`, with `IGNORE` on the anchors of ignored boxes.

    Args:
        boxes: `(B, N, 4)` xyxy.
        present: `(B, N)` bool; False for padding.
        ignore: `(B, N)` bool.
        anchors: `(A, 4)` xyxy in the same unit.
        threshold: 0..1, exceeded strictly.
        ignored_is_background: count such anchors as background, as the lesson does.
    """
    matched_idxs = match_iou(boxes, present & ~ignore, anchors, threshold)
    if ignored_is_background:
        return matched_idxs
    on_ignored = match_iou(boxes, ignore, anchors, threshold) > BACKGROUND
    return torch.where((matched_idxs == BACKGROUND) & on_ignored, IGNORE, matched_idxs)


def match_atss(
    boxes: Tensor, present: Tensor, ignore: Tensor, anchors: Tensor, level_sizes: Sequence[int]
) -> Tensor:
    """Return `matched_idxs` `(B, A)` by adaptive training sample selection (arXiv:1912.02424).

    For each object the 9 anchors nearest to its centre on each level are candidates; those with an
    IoU of at least the candidates' mean plus standard deviation and a centre inside the object are
    its positives. An anchor of several objects takes the one it overlaps most.

    Args:
        boxes: `(B, N, 4)` xyxy.
        present: `(B, N)` bool; False for padding.
        ignore: `(B, N)` bool; the anchors of such an object are `IGNORE`.
        anchors: `(A, 4)` xyxy in the same unit, level by level.
        level_sizes: anchors in each level; they add up to A.
    """
    parts = _photos_at_once(anchors, boxes, present, ignore)
    return torch.cat(
        [_match_atss(some, here, ignored, anchors, level_sizes) for some, here, ignored in parts]
    )


def _match_atss(
    boxes: Tensor, present: Tensor, ignore: Tensor, anchors: Tensor, level_sizes: Sequence[int]
) -> Tensor:
    iou = _batched_iou(boxes, present, anchors)  # (B, N, A)
    centres = (anchors[:, :2] + anchors[:, 2:]) / 2
    box_centres = (boxes[..., :2] + boxes[..., 2:]) / 2
    candidates = _nearest_by_level(_distances(box_centres, centres), level_sizes)  # (B, N, K)
    candidate_iou = iou.gather(2, candidates)
    threshold = candidate_iou.mean(2, keepdim=True) + candidate_iou.std(2, keepdim=True)
    corner, opposite = boxes[:, :, None, :2], boxes[:, :, None, 2:]
    inside = ((centres[candidates] > corner) & (centres[candidates] < opposite)).all(-1)
    positive = (candidate_iou >= threshold) & inside & present[..., None]
    overlap = torch.full_like(iou, -1).scatter(
        2, candidates, torch.where(positive, candidate_iou, -1.0)
    )
    best, matched_idxs = overlap.max(1)  # (B, A)
    ignored = (best >= 0) & ignore.gather(1, matched_idxs)
    matched_idxs = torch.where(best >= 0, matched_idxs, BACKGROUND)
    return torch.where(ignored, IGNORE, matched_idxs)


def _photos_at_once(
    anchors: Tensor, boxes: Tensor, present: Tensor, *more: Tensor
) -> Iterator[tuple[Tensor, ...]]:
    """Yield the tensors of a few photos at a time, without their common padding.

    A GPU gets the whole batch: finding where the padding begins would synchronise.
    """
    if boxes.device.type != "cpu":
        yield boxes, present, *more
        return
    photos = max(1, _CACHED_PAIRS // (boxes.shape[1] * len(anchors)))
    for parts in zip(*(part.split(photos) for part in (boxes, present, *more)), strict=True):
        columns = parts[1].any(0).nonzero()
        width = int(columns.max()) + 1 if len(columns) else 1
        yield tuple(part[:, :width] for part in parts)


def _distances(points: Tensor, centres: Tensor) -> Tensor:
    """Return `(B, N, A)`, how far each of `(B, N, 2)` points is from `(A, 2)` centres.

    `torch.cdist` is slower: half as fast on a CPU, and on a GPU it takes 256 threads for each pair.
    """
    across, down = points[..., :1] - centres[:, 0], points[..., 1:] - centres[:, 1]
    return across.square_().add_(down.square_()).sqrt_()


def _nearest_by_level(distance: Tensor, level_sizes: Sequence[int]) -> Tensor:
    nearest, start = [], 0
    for part in distance.split(list(level_sizes), 2):
        count = min(_ATSS_CANDIDATES, part.shape[2])
        nearest.append(part.topk(count, 2, largest=False).indices + start)
        start += part.shape[2]
    return torch.cat(nearest, 2)


def _batched_iou(boxes: Tensor, present: Tensor, anchors: Tensor) -> Tensor:
    """Return `(B, N, A)`; objects that are not present have the IoU -1, below every valid one.

    One coordinate at a time: it is faster to have the anchors as the last axis than coordinates.
    """
    left, top, right, bottom = boxes[..., None].unbind(2)  # (B, N, 1)
    width = _overlap(left, right, anchors[:, 0], anchors[:, 2])
    overlap = width.mul_(_overlap(top, bottom, anchors[:, 1], anchors[:, 3]))
    area = (anchors[:, 2] - anchors[:, 0]) * (anchors[:, 3] - anchors[:, 1])
    union = ((right - left) * (bottom - top) + area).sub_(overlap)
    # For two empty boxes this is 0 / 0, and NaN would spoil the maximum.
    return overlap.div_(union).nan_to_num_(0).masked_fill_(~present[..., None], -1.0)


def _overlap(start: Tensor, end: Tensor, other_start: Tensor, other_end: Tensor) -> Tensor:
    return torch.minimum(end, other_end).sub_(torch.maximum(start, other_start)).clamp_(min=0)
