"""How well the anchors fit the objects.

An object that no anchor fits has to be predicted from one of another size, shape or place.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.boxes import paired_iou
from pipeline.evaluate.result_files import ResultRow
from pipeline.evaluate.size_ap import SIZES, has_size

FITS = 0.5  # IoU, exceeded strictly
_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class AnchorFit(ResultRow):
    """How well the anchors fit the objects of one size.

    Attributes:
        size: `all`, or one of `SIZES`.
        objects: how many there are.
        fitting: share of them with an anchor of an IoU above .5; NaN without objects.
        mean_iou: mean IoU with the best anchor; NaN without objects.
    """

    size: str
    objects: int
    fitting: float
    mean_iou: float


def best_anchor_iou(boxes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Return the IoU `(N,)` of each box with the anchor that overlaps it most.

    Args:
        boxes: `(N, 4)` xyxy in input pixels.
        anchors: `(A, 4)` xyxy likewise, at least one.
    """
    best = [np.zeros(0)]
    rows = max(1, _PAIRS_AT_ONCE // len(anchors))
    for start in range(0, len(boxes), rows):
        some = boxes[start : start + rows].astype(float)
        best.append(paired_iou(some[:, None], anchors.astype(float)).max(1))
    return np.concatenate(best)


def anchor_fit(best_iou: np.ndarray, boxes: np.ndarray) -> list[AnchorFit]:
    """Return the fit for all objects and for each of `SIZES`.

    Args:
        best_iou: `(N,)` of `best_anchor_iou`.
        boxes: `(N, 4)` of the same objects in pixels of the original photos.
    """
    chosen = {"all": np.ones(len(boxes), bool)} | {size: has_size(boxes, size) for size in SIZES}
    return [_fit(size, best_iou[rows]) for size, rows in chosen.items()]


def _fit(size: str, best_iou: np.ndarray) -> AnchorFit:
    if not len(best_iou):
        return AnchorFit(size, 0, float("nan"), float("nan"))
    return AnchorFit(size, len(best_iou), float((best_iou > FITS).mean()), float(best_iou.mean()))
