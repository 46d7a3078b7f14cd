"""The slow way to VOC average precision, one detection after another: the oracle of the tests."""

import numpy as np

from pipeline.evaluate.detections import Detections, Truth


def classic_average_precisions(
    truth: Truth, detections: Detections, num_classes: int, iou_threshold: float = 0.5
) -> np.ndarray:
    """Return `(C, 2)`: area AP and 11-point AP of each class, NaN without objects."""
    return np.array(
        [_of_class(truth, detections, label, iou_threshold) for label in range(num_classes)]
    )


def _of_class(truth, detections, label, iou_threshold):
    objects: dict[int, list] = {}
    for row in np.flatnonzero(truth.labels == label):
        objects.setdefault(int(truth.photo[row]), []).append(row)
    positives = sum(not truth.ignore[row] for rows in objects.values() for row in rows)
    if positives == 0:
        return float("nan"), float("nan")
    mine = np.flatnonzero(detections.labels == label)
    ranking = mine[np.argsort(-detections.scores[mine], kind="stable")]
    claimed = set()
    right, wrong = np.zeros(len(ranking)), np.zeros(len(ranking))
    for rank, row in enumerate(ranking):
        rows = objects.get(int(detections.photo[row]), [])
        ious = [_iou(truth.boxes[other], detections.boxes[row]) for other in rows]
        if not ious or max(ious) <= iou_threshold:
            wrong[rank] = 1
            continue
        best = rows[int(np.argmax(ious))]
        if truth.ignore[best]:
            continue
        (wrong if best in claimed else right)[rank] = 1
        claimed.add(best)
    right, wrong = np.cumsum(right), np.cumsum(wrong)
    recall, precision = right / positives, right / np.maximum(right + wrong, 1e-12)
    return _area(recall, precision), _eleven_points(recall, precision)


def _iou(box, other):
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [float(b[2] - b[0]) * float(b[3] - b[1]) for b in (box, other)]
    overlap = float(width) * float(height)
    return overlap / (sum(areas) - overlap)


def _area(recall, precision):
    recall = np.concatenate([[0.0], recall, [1.0]])
    precision = np.concatenate([[0.0], precision, [0.0]])
    for rank in range(len(precision) - 1, 0, -1):
        precision[rank - 1] = max(precision[rank - 1], precision[rank])
    return sum(
        (recall[rank] - recall[rank - 1]) * precision[rank] for rank in range(1, len(recall))
    )


def _eleven_points(recall, precision):
    total = 0.0
    for level in np.arange(0, 1.1, 0.1):
        reached = precision[recall >= level]
        total += reached.max() / 11 if len(reached) else 0.0
    return total
