"""The confusion matrix of detections: wrong classes, missed objects and false positives."""

from collections.abc import Sequence

import numpy as np

from pipeline.evaluate.detections import Detections, Truth, check_labels
from pipeline.evaluate.pairs import Pairs, pairs_of_photo
from pipeline.evaluate.result_files import ConfusedPair

# Neither can be the name of a class, and both sort before all names.
NO_OBJECT, NOT_FOUND = "(background)", "(missed)"
_IOU = 0.5


def confusion_matrix(truth: Truth, detections: Detections, num_classes: int) -> np.ndarray:
    """Return how often an object of one class was found as another.

    Detections are matched in the order of their scores: each takes the unmatched object that it
    overlaps most, whatever its class, if the IoU is above .5. A detection left unmatched is not
    counted if it lies on an `ignore` object.

    Args:
        truth: the labelled objects.
        detections: those above the label score of their class.
        num_classes: C; both sides' labels must be in 0..C-1.

    Returns:
        `(C + 1, C + 1)` counts. Rows are the true class, last: no object there. Columns are the
        predicted class, last: not found. The last entry of all is 0.
    """
    check_labels(truth, num_classes)
    check_labels(detections, num_classes)
    pairs = pairs_of_photo(truth, detections)
    pairs = pairs.where(pairs.iou > _IOU)
    ignored = truth.ignore[pairs.objects]
    taken = _greedy(pairs.where(~ignored), detections.scores)  # (K,) object or -1
    excused = np.isin(np.arange(len(taken)), pairs.detections[ignored]) & (taken < 0)
    missed = ~truth.ignore & ~np.isin(np.arange(len(truth.photo)), taken)
    matrix = np.zeros((num_classes + 1, num_classes + 1), dtype=int)
    actual = np.append(truth.labels, num_classes)[taken]
    np.add.at(matrix, (actual[~excused], detections.labels[~excused]), 1)
    matrix[:num_classes, num_classes] = np.bincount(truth.labels[missed], minlength=num_classes)
    return matrix


def confused_pairs(matrix: np.ndarray, names: Sequence[str]) -> list[ConfusedPair]:
    """Return one pair of true and predicted name per count, as DVC's `confusion` plot takes them.

    Args:
        matrix: of `confusion_matrix`.
        names: of the C classes, in label order.
    """
    actual, predicted = np.nonzero(matrix)
    counts = matrix[actual, predicted]
    rows, columns = [*names, NO_OBJECT], [*names, NOT_FOUND]
    return [
        ConfusedPair(rows[row], columns[column])
        for row, column in zip(np.repeat(actual, counts), np.repeat(predicted, counts), strict=True)
    ]


def count_pairs(pairs: Sequence[ConfusedPair], names: Sequence[str]) -> np.ndarray:
    """Return the matrix from which `confused_pairs` makes these pairs."""
    rows = {name: place for place, name in enumerate([*names, NO_OBJECT])}
    columns = {name: place for place, name in enumerate([*names, NOT_FOUND])}
    matrix = np.zeros((len(rows), len(columns)), dtype=int)
    for pair in pairs:
        matrix[rows[pair.actual], columns[pair.predicted]] += 1
    return matrix


def _greedy(pairs: Pairs, scores: np.ndarray) -> np.ndarray:
    """Return the object that each detection takes, `(K,)`, -1 for none."""
    taken = np.full(len(scores), -1)
    free = set(pairs.objects.tolist())
    order = np.lexsort((-pairs.iou, pairs.detections, -scores[pairs.detections]))
    for row, wanted in zip(pairs.detections[order], pairs.objects[order].tolist(), strict=True):
        if taken[row] < 0 and wanted in free:
            taken[row] = wanted
            free.remove(wanted)
    return taken
