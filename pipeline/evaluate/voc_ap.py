"""Average precision by the rules of the Pascal VOC devkit.

Detections of a class are ranked by score. Each is matched only to the object of its class and photo
that it overlaps most, and is a true positive if that IoU exceeds the threshold and no better-ranked
detection has the same object; it never falls back on a second-best object, as COCO's matching does.
One whose object is `ignore` is dropped from the ranking. Rules: Everingham et al., "The Pascal
Visual Object Classes Challenge: A Retrospective" (2015), section 3.2, and the 2007 and 2012
development kits.

The devkit counts pixels, `xmax - xmin + 1` of inclusive corners. Between our pixel edges
`xmax - xmin` is the same number, so areas and IoUs agree with the devkit's to the last pixel. The
paper asks for an IoU above .5, and so do we; the devkit's code takes .5 itself as well.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.evaluate.detections import Detections, Truth, check_labels
from pipeline.evaluate.pairs import pairs_of_class

# Those of the devkit's Python ports, rounding included: 6 * 0.1 lies just above 6 / 10.
RECALL_LEVELS = np.arange(0, 1.1, 0.1)


@dataclass(frozen=True)
class Matches:
    """How each detection was matched.

    Attributes:
        best: `(K,)` row of the most overlapping object of its photo and class, -1 for none.
        iou: `(K,)` their IoU, 0 for none.
        true_positive: `(K,)` bool; the first to claim its object.
        ignored: `(K,)` bool; its object is `ignore`.
    """

    best: np.ndarray
    iou: np.ndarray
    true_positive: np.ndarray
    ignored: np.ndarray


@dataclass(frozen=True)
class ClassCurve:
    """Precision and recall of one class down its ranking.

    Attributes:
        precision: `(K,)` share of true positives among the first k detections.
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
        detections: what was found; in a photo without objects all are false positives.
        num_classes: C; both sides' labels must be in 0..C-1.
        iou_threshold: the IoU of a true positive is strictly above it.

    Returns:
        C curves. Of two detections with the same score the earlier row ranks first.
    """
    matches = match_detections(truth, detections, num_classes, iou_threshold)
    ranked = ~matches.ignored
    return rank_detections(
        matches.true_positive[ranked],
        detections.labels[ranked],
        detections.scores[ranked],
        np.bincount(truth.labels[~truth.ignore], minlength=num_classes),
    )


def match_detections(
    truth: Truth, detections: Detections, num_classes: int, iou_threshold: float = 0.5
) -> Matches:
    """Return the object of its class that each detection overlaps most, and how it counts.

    Args:
        truth: the labelled objects.
        detections: what was found.
        num_classes: C; both sides' labels must be in 0..C-1.
        iou_threshold: the IoU of a true positive is strictly above it.

    Raises:
        ValueError: a label lies outside the classes.
    """
    check_labels(truth, num_classes)
    check_labels(detections, num_classes)
    best, iou = pairs_of_class(truth, detections, num_classes).best(len(detections.photo))
    matched = iou > iou_threshold
    ignored = matched & np.append(truth.ignore, False)[best]
    claimed = np.where(matched & ~ignored, best, -1)
    true_positive = first_claims(claimed, detections.scores, len(truth.photo))
    return Matches(best, iou, true_positive, ignored)


def first_claims(claimed: np.ndarray, scores: np.ndarray, num_objects: int) -> np.ndarray:
    """Return which detections are the first to claim their object.

    Args:
        claimed: `(K,)` row of the object that a detection claims, -1 for none.
        scores: `(K,)` the highest claims first; of equal ones the earlier row.
        num_objects: N.

    Returns:
        `(K,)` bool, true for at most one detection per object.
    """
    rows = np.flatnonzero(claimed >= 0)
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    first = np.full(num_objects, -1)
    # Of repeated indices NumPy keeps the last value, so the reversed order keeps the best one.
    first[claimed[rows][::-1]] = rows[::-1]
    is_first = np.zeros(len(claimed), dtype=bool)
    is_first[first[first >= 0]] = True
    return is_first


def rank_detections(
    true_positive: np.ndarray, labels: np.ndarray, scores: np.ndarray, positives: np.ndarray
) -> VocResult:
    """Return the curve of every class from its true and false positives.

    Args:
        true_positive: `(K,)` bool; the others are false positives.
        labels: `(K,)` class, 0..C-1.
        scores: `(K,)`; of two detections with the same score the earlier row ranks first.
        positives: `(C,)` objects to find.
    """
    by_score = np.argsort(-scores, kind="stable")
    # As the smallest type, which NumPy sorts in linear time; `lexsort` takes twice as long.
    labels = labels[by_score].astype(np.min_scalar_type(len(positives)))
    by_label = np.argsort(labels, kind="stable")
    ranking = by_score[by_label]
    true_positive, scores = true_positive[ranking], scores[ranking]
    ends = np.searchsorted(labels[by_label], np.arange(len(positives) + 1))
    spans = [slice(*ends[label : label + 2]) for label in range(len(positives))]
    return VocResult(
        tuple(
            _class_curve(true_positive[span], scores[span], int(count))
            for span, count in zip(spans, positives, strict=True)
        )
    )


def _class_curve(true_positive: np.ndarray, scores: np.ndarray, positives: int) -> ClassCurve:
    """Return the curve of one class from its ranking."""
    found = np.cumsum(true_positive)
    precision = found / np.arange(1, len(found) + 1)
    recall = found / positives if positives else np.full(len(found), np.nan)
    ap, ap_11pt = float("nan"), float("nan")
    if positives:
        # The best precision at a recall or beyond it; 0 after the last detection.
        envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        ap = float(np.sum(np.diff(recall, prepend=0.0) * envelope[:-1]))
        ap_11pt = float(envelope[np.searchsorted(recall, RECALL_LEVELS)].mean())
    return ClassCurve(precision, recall, scores, positives, ap, ap_11pt)


def _mean_of_known(values: list[float]) -> float:
    """Return the mean of the values that are not NaN, NaN if none is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
