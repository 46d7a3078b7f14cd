"""How much of the average precision each kind of error costs.

TIDE's oracles (arXiv:2008.08115, section 2.3) fix one kind alone: a `class` error gets the label
and a `localisation` error the box of the object that it should have found, and is
dropped where that object has a true positive already or a better-scored error of its kind takes
it; errors of the other kinds are dropped; `missed` objects no longer count. In tidecv, the authors'
program, `class` and `localisation` errors also compete for an object while only one of these kinds
is fixed; here they do not, so its gains for these two are at times a little lower.
"""

import numpy as np

from pipeline.evaluate.error_kinds import KINDS, TRUE_POSITIVE, Errors
from pipeline.evaluate.voc_ap import VocResult, first_claims, rank_detections


def error_gains(errors: Errors, num_classes: int) -> dict[str, float]:
    """Return TIDE's dAP: by how much fixing each of `KINDS` alone would raise VOC mAP@.5 (area).

    The mean runs over the same classes before and after, those with objects: one whose objects are
    all missed keeps its AP of 0, so a rung without detections gains nothing.

    Args:
        errors: of `find_errors`.
        num_classes: C.

    Returns:
        a value in 0..1 for each kind; NaN where there was nothing to find.
    """
    classes = np.unique(errors.truth.labels)
    if not len(classes):
        return dict.fromkeys(KINDS, float("nan"))
    before = _mean_ap(fixed(errors, "", num_classes), classes)
    after = {kind: _mean_ap(fixed(errors, kind, num_classes), classes) for kind in KINDS}
    # Rounding can make a gain of 0 slightly negative.
    return {kind: max(0.0, value - before) for kind, value in after.items()}


def fixed(errors: Errors, kind: str, num_classes: int) -> VocResult:
    """Return the curves as they would be without the errors of one kind.

    Args:
        errors: of `find_errors`.
        kind: one of `KINDS`; any other name fixes nothing.
        num_classes: C.
    """
    truth, detections = errors.truth, errors.detections
    of_kind = errors.kinds == kind
    free = of_kind & ~np.append(errors.found, True)[errors.targets]
    claimed = np.where(free, errors.targets, -1)
    corrected = first_claims(claimed, detections.scores, len(truth.photo))
    kept = ~of_kind | corrected
    true_positive = (errors.kinds == TRUE_POSITIVE) | corrected
    labels = np.where(corrected, np.append(truth.labels, -1)[errors.targets], detections.labels)
    counted = ~errors.missed if kind == "missed" else np.ones_like(errors.missed)
    positives = np.bincount(truth.labels[counted], minlength=num_classes)
    return rank_detections(true_positive[kept], labels[kept], detections.scores[kept], positives)


def _mean_ap(result: VocResult, classes: np.ndarray) -> float:
    """Return the mean AP over `classes`, 0 for one of them that has no object left."""
    return float(np.mean(np.nan_to_num([result.curves[label].ap for label in classes])))
