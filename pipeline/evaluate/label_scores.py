"""From which score on a detection of a class is worth believing: step 7 of the journey."""

import numpy as np

from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.voc_ap import ClassCurve, voc_average_precision


def best_score_thresholds(
    truth: Truth, detections: Detections, num_classes: int, *, least: float, fallback: float
) -> list[float]:
    """Return for each class the score above which its detections have the best F1 at IoU .5.

    F1 is the harmonic mean of precision and recall; of equal ones the higher score is taken.

    Args:
        truth: the labelled objects.
        detections: what was found, down to scores that nobody would believe.
        num_classes: C; both sides' labels must be in 0..C-1.
        least: the score below which nothing was looked for; no cut is lower.
        fallback: for a class of which nothing was found rightly.
    """
    curves = voc_average_precision(truth, detections, num_classes).curves
    return [_best(curve, least, fallback) for curve in curves]


def _best(curve: ClassCurve, least: float, fallback: float) -> float:
    if not curve.positives or not curve.recall.any():
        return fallback
    both = curve.precision + curve.recall
    f1 = 2 * curve.precision * curve.recall / np.where(both > 0, both, 1)
    below = np.append(curve.scores[1:], least)  # the next score: the cut must lie above it
    f1 = np.where(curve.scores > below, f1, -1.0)
    best = int(f1.argmax())
    return round(float(curve.scores[best] + below[best]) / 2, 4)
