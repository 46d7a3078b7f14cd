"""Average precision by the rules of the Pascal VOC devkit: step 7 of the journey.

Detections of a class are ranked by score. Each asks only for the object of its class and photo that
it overlaps most, and is right if that IoU exceeds the threshold and no better-ranked detection had
the same object; it never falls back on a second-best object, as COCO's matching does. One whose
object is `ignore` leaves the ranking. Rules: Everingham et al., "The Pascal Visual Object Classes
Challenge: A Retrospective" (2015), section 3.2, and the 2007 and 2012 development kits.

The devkit counts pixels, `xmax - xmin + 1` of inclusive corners. Between our pixel edges
`xmax - xmin` is the same number, so areas and IoUs agree with the devkit's to the last pixel.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.boxes import paired_iou
from pipeline.evaluate.detections import Detections, Truth, check_labels

# The devkit's own levels, rounding included: 3 * 0.1 lies just above 3 / 10.
RECALL_LEVELS = np.arange(0, 1.1, 0.1)


@dataclass(frozen=True)
class ClassCurve:
    """Precision and recall of one class down its ranking.

    Attributes:
        precision: `(K,)` share of right ones among the first k detections.
        recall: `(K,)` share of the class's objects found by them.
        scores: `(K,)` descending score of the k-th detection.
        positives: objects to find, `ignore` ones not counted.
        ap: area under the precision envelope (VOC 2010 and later); NaN without positives.
        ap_11pt: mean of the envelope at recall 0, .1, ... 1 (VOC 2007); NaN without positives.
    """

    precision: np.ndarray
    recall: np.ndarray
    scores: np.ndarray
    positives: int
    ap: float
    ap_11pt: float


@dataclass(frozen=True)
class VocResult:
    """One curve for each class, in label order, and their means."""

    curves: tuple[ClassCurve, ...]

    @property
    def mean_ap(self) -> float:
        """Mean area AP over the classes that have objects; NaN if none has."""
        return _mean_of_known([curve.ap for curve in self.curves])

    @property
    def mean_ap_11pt(self) -> float:
        """Mean 11-point AP over the classes that have objects; NaN if none has."""
        return _mean_of_known([curve.ap_11pt for curve in self.curves])


def voc_average_precision(
    truth: Truth, detections: Detections, num_classes: int, iou_threshold: float = 0.5
) -> VocResult:
    """Return the precision/recall curve and both average precisions of every class.

    Args:
        truth: the labelled objects.
        detections: what was found; in a photo unknown to `truth` everything found is wrong.
        num_classes: C; both sides' labels must be in 0..C-1.
        iou_threshold: a right detection's IoU is strictly above it.

    Returns:
        C curves. Of two detections with the same score the earlier row ranks first.
    """
    check_labels(truth, num_classes)
    check_labels(detections, num_classes)
    best, best_iou = _best_objects(truth, detections, num_classes)
    matched = best_iou > iou_threshold
    neutral = matched & np.append(truth.ignore, False)[best]
    ranking = np.lexsort((-detections.scores, detections.labels))
    ranking = ranking[~neutral[ranking]]
    right = _first_claims(np.where(matched, best, -1)[ranking], len(truth.photo))
    ends = np.searchsorted(detections.labels[ranking], np.arange(num_classes + 1))
    positives = np.bincount(truth.labels[~truth.ignore], minlength=num_classes)
    scores = detections.scores[ranking]
    spans = [slice(*ends[label : label + 2]) for label in range(num_classes)]
    return VocResult(
        tuple(
            _class_curve(right[span], scores[span], int(count))
            for span, count in zip(spans, positives, strict=True)
        )
    )


def _best_objects(
    truth: Truth, detections: Detections, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each detection's most overlapping object of its class and photo, and their IoU.

    Returns:
        `(K,)` row of `truth`, the first of equals, -1 where photo and class have no object; and
        `(K,)` IoU, 0 there.
    """
    best = np.full(len(detections.photo), -1)
    best_iou = np.zeros(len(detections.photo))
    rows, objects, starts = _candidate_pairs(truth, detections, num_classes)
    if not len(rows):
        return best, best_iou
    iou = paired_iou(
        truth.boxes[objects].astype(float),
        np.repeat(detections.boxes[rows].astype(float), np.diff(starts), axis=0),
    )
    highest = np.maximum.reduceat(iou, starts[:-1])
    is_highest = np.flatnonzero(iou == np.repeat(highest, np.diff(starts)))
    first = is_highest[np.searchsorted(is_highest, starts[:-1])]
    best[rows], best_iou[rows] = objects[first], highest
    return best, best_iou


def _candidate_pairs(
    truth: Truth, detections: Detections, num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return every pair of a detection with an object of its photo and class.

    Returns:
        `(R,)` rows of the detections that have any; the rows of the objects of all pairs, one
        detection after the other; and `(R + 1,)` where each detection's pairs begin, then the end.
    """
    wanted = truth.photo.astype(np.int64) * num_classes + truth.labels
    by_key = np.argsort(wanted, kind="stable")
    asked = detections.photo.astype(np.int64) * num_classes + detections.labels
    first = np.searchsorted(wanted[by_key], asked)
    count = np.searchsorted(wanted[by_key], asked, side="right") - first
    rows = np.flatnonzero(count)
    first, count = first[rows], count[rows]
    starts = np.concatenate([[0], np.cumsum(count)])
    within = np.arange(starts[-1]) - np.repeat(starts[:-1], count)
    return rows, by_key[np.repeat(first, count) + within], starts


def _first_claims(claimed: np.ndarray, num_objects: int) -> np.ndarray:
    """Return which ranks are the first to claim their object (`claimed` is -1 for no object)."""
    ranks = np.flatnonzero(claimed >= 0)
    first = np.full(num_objects, -1)
    # Of repeated indices NumPy keeps the last value, so the reversed order keeps the best rank.
    first[claimed[ranks][::-1]] = ranks[::-1]
    right = np.zeros(len(claimed), dtype=bool)
    right[first[first >= 0]] = True
    return right


def _class_curve(right: np.ndarray, scores: np.ndarray, positives: int) -> ClassCurve:
    """Return the curve of one class from its ranking: `(K,)` right or wrong, and scores."""
    found = np.cumsum(right)
    precision = found / np.arange(1, len(found) + 1)
    recall = found / positives if positives else np.full(len(found), np.nan)
    ap, ap_11pt = float("nan"), float("nan")
    if positives:
        # What is reached at a recall or beyond it; 0 beyond the last detection.
        envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        ap = float(np.sum(np.diff(recall, prepend=0.0) * envelope[:-1]))
        ap_11pt = float(envelope[np.searchsorted(recall, RECALL_LEVELS)].mean())
    return ClassCurve(precision, recall, scores, positives, ap, ap_11pt)


def _mean_of_known(values: list[float]) -> float:
    """Return the mean of the values that are not NaN, NaN if none is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
