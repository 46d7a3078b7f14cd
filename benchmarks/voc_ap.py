"""VOC average precision of many photos' detections."""

import numpy as np

from benchmarks.topic import Case, Setting, Topic

CLASSES, THRESHOLD = 20, 0.5


def inputs(photos: int, detections_a_photo: int = 100):
    """Return truth with 1 to 9 objects per photo, and detections near objects and elsewhere."""
    from pipeline.evaluate.detections import Detections, Truth

    chance = np.random.default_rng(42)
    photo = np.repeat(np.arange(photos), chance.integers(1, 10, photos))
    boxes = _boxes(chance, len(photo))
    truth = Truth(
        photo, boxes, chance.integers(CLASSES, size=len(photo)), chance.random(len(photo)) < 0.1
    )
    owner = np.sort(chance.integers(len(photo), size=photos * detections_a_photo))  # photo by photo
    shaken = boxes[owner] + chance.normal(0, 8, (len(owner), 4)).round(3)
    shaken[:, 2:] = np.maximum(shaken[:, 2:], shaken[:, :2] + 1)
    near = chance.random(len(owner)) < 0.3
    found = np.where(near[:, None], shaken, _boxes(chance, len(owner)))
    labels = np.where(near, truth.labels[owner], chance.integers(CLASSES, size=len(owner)))
    scores = chance.permutation(len(owner)) / len(owner)  # no ties: their order is nobody's rule
    return truth, Detections(photo[owner], found, labels, scores)


def _boxes(chance: np.random.Generator, count: int) -> np.ndarray:
    corner = chance.random((count, 2)) * 400
    return np.concatenate([corner, corner + 10 + chance.random((count, 2)) * 100], 1).round(3)


def ours(truth, detections) -> np.ndarray:
    """Return area AP and 11-point AP of each class, `(C, 2)`."""
    from pipeline.evaluate.voc_ap import voc_average_precision

    curves = voc_average_precision(truth, detections, CLASSES, THRESHOLD).curves
    return np.array([(curve.ap, curve.ap_11pt) for curve in curves])


def devkit_loop(
    truth, detections, num_classes: int = CLASSES, iou_threshold: float = THRESHOLD
) -> np.ndarray:
    """Return the same as the devkit's Python versions do: one detection after another.

    A class without objects has NaN. This is the oracle of the tests, too.
    """
    labels = range(num_classes)
    return np.array([_of_class(truth, detections, label, iou_threshold) for label in labels])


def _of_class(truth, detections, label: int, iou_threshold: float) -> tuple[float, float]:
    positives = np.sum(~truth.ignore & (truth.labels == label))
    if positives == 0:
        return float("nan"), float("nan")
    objects = {}
    for row in np.flatnonzero(truth.labels == label):
        objects.setdefault(truth.photo[row], []).append(row)
    objects = {photo: np.array(rows) for photo, rows in objects.items()}
    mine = np.flatnonzero(detections.labels == label)
    mine = mine[np.argsort(-detections.scores[mine], kind="stable")]
    right, wrong = np.zeros(len(mine)), np.zeros(len(mine))
    claimed = set()
    for rank, row in enumerate(mine):
        rows = objects.get(detections.photo[row])
        best = (
            None if rows is None else _best(truth.boxes[rows], detections.boxes[row], iou_threshold)
        )
        if best is None:
            wrong[rank] = 1
        elif not truth.ignore[rows[best]]:
            (wrong if rows[best] in claimed else right)[rank] = 1
            claimed.add(rows[best])
    found, missed = np.cumsum(right), np.cumsum(wrong)
    recall, precision = found / positives, found / np.maximum(found + missed, 1e-12)
    return _area(recall, precision), _eleven(recall, precision)


def _best(boxes: np.ndarray, box: np.ndarray, iou_threshold: float) -> int | None:
    """Return the object that a detection overlaps most, None if too little."""
    width = np.minimum(boxes[:, 2], box[2]) - np.maximum(boxes[:, 0], box[0])
    height = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    overlap = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    union = areas + (box[2] - box[0]) * (box[3] - box[1]) - overlap
    iou = overlap / np.maximum(union, 1e-12)  # two boxes without area have no union
    best = int(np.argmax(iou))
    return best if iou[best] > iou_threshold else None


def _area(recall: np.ndarray, precision: np.ndarray) -> float:
    recall = np.concatenate([[0.0], recall, [1.0]])
    precision = np.concatenate([[0.0], precision, [0.0]])
    for rank in range(len(precision) - 1, 0, -1):
        precision[rank - 1] = max(precision[rank - 1], precision[rank])
    steps = np.flatnonzero(recall[1:] != recall[:-1])
    return float(np.sum((recall[steps + 1] - recall[steps]) * precision[steps + 1]))


def _eleven(recall: np.ndarray, precision: np.ndarray) -> float:
    levels = [precision[recall >= level] for level in np.arange(0, 1.1, 0.1)]
    return float(np.mean([reached.max() if len(reached) else 0.0 for reached in levels]))


def _setting(photos: int, goal: float | None) -> Setting:
    def cases() -> list[Case]:
        truth, detections = inputs(photos)
        return [
            Case("ours", "ours", lambda: ours(truth, detections)),
            Case("devkit's loop", "peer", lambda: devkit_loop(truth, detections)),
            Case("sort of the scores", "limit", lambda: np.argsort(-detections.scores)),
        ]

    return Setting(f"{photos} photos x 100 detections", photos, "photos", cases, goal)


TOPIC = Topic(
    "VOC average precision",
    (_setting(1000, None), _setting(5000, 8.0)),
    "AP equal to 1e-9 (`tests/benchmarks/test_voc_ap.py`).",
)
