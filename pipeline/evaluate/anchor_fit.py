"""How many objects have an anchor that lies well on them: step 7 of the journey.

An object that no anchor overlaps has to be found by one that was made for something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from pipeline.boxes import paired_iou
from pipeline.evaluate.size_ap import SIZES, has_size
from pipeline.report.figures import save_png

FITS = 0.5  # IoU, exceeded strictly
_PAIRS_AT_ONCE = 2_000_000
_BAR, _QUIET = "#1f5fa8", "#666666"


@dataclass(frozen=True)
class AnchorFit:
    """How the anchors lie on the objects of one size.

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


def anchor_picture(
    path: Path, fits: Sequence[AnchorFit], best_iou: np.ndarray, sides: np.ndarray, title: str
) -> None:
    """Write a PNG: the share of objects that have an anchor, and the best IoU against their side.

    Args:
        path: the PNG.
        fits: of `anchor_fit`.
        best_iou: `(N,)`.
        sides: `(N,)` root of each object's area, in input pixels.
        title: one line above both.
    """
    figure = Figure(figsize=(11, 3.8), layout="constrained")
    figure.suptitle(title, size=13, parse_math=False)
    shares, points = figure.subplots(1, 2, width_ratios=(1, 1.6))
    names = [f"{fit.size}\n{fit.objects} objects" for fit in fits]
    bars = shares.bar(names, [fit.fitting for fit in fits], color=_BAR)
    shares.bar_label(bars, [f"{fit.fitting:.2f}" if fit.objects else "" for fit in fits])
    shares.set(ylim=(0, 1.1), yticks=(0, 0.5, 1))
    shares.set_title("share with an anchor of IoU > .5", size=11, loc="left")
    points.scatter(sides, best_iou, s=5, color=_BAR, alpha=0.3, linewidths=0)
    points.axhline(FITS, color=_QUIET, linewidth=1, linestyle=":")
    points.set(xlabel="root of the object's area, input pixels", ylim=(0, 1))
    points.set_title("IoU with the best anchor", size=11, loc="left")
    save_png(figure, path)
