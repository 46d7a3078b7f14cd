"""Scores above which a class is worth believing, counted by hand."""

import numpy as np
import pytest

from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.label_scores import best_score_thresholds


def truth(*labels: int) -> Truth:
    """Return an object of each label, every one in a photo of its own."""
    boxes = np.tile([0.0, 0, 10, 10], (len(labels), 1))
    return Truth(np.arange(len(labels)), boxes, np.array(labels, int), np.zeros(len(labels), bool))


def detections(*rows: tuple[int, int, float]) -> Detections:
    """Return detections of (photo, label, score), on the object's very place."""
    photo, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    boxes = np.tile([0.0, 0, 10, 10], (len(rows), 1)).reshape(-1, 4)
    return Detections(np.array(photo, int), boxes, np.array(labels, int), np.array(scores, float))


def cuts(truth: Truth, found: Detections, num_classes: int, least=0.0, fallback=0.3) -> list[float]:
    return best_score_thresholds(truth, found, num_classes, least=least, fallback=fallback)


def test_nothing_found_takes_the_fallback():
    assert cuts(truth(0, 1), detections(), 3) == [0.3, 0.3, 0.3]


def test_only_wrong_ones_take_the_fallback():
    assert cuts(truth(1), detections((0, 0, 0.9)), 2, fallback=0.25) == [0.25, 0.25]


def test_the_cut_lies_between_right_and_wrong():
    found = detections((0, 0, 0.9), (1, 0, 0.6), (5, 0, 0.4), (6, 0, 0.2))
    assert cuts(truth(0, 0), found, 1) == [0.5]


def test_f1_weighs_precision_against_recall():
    # After 1, 2, 3 detections: F1 2/3 (1/1, 1/2), 1/2 (1/2, 1/2), 4/5 (2/3, 2/2).
    found = detections((0, 0, 0.9), (7, 0, 0.8), (1, 0, 0.6))
    assert cuts(truth(0, 0), found, 1) == [0.3]
    # With a wrong third one the first alone is best.
    found = detections((0, 0, 0.9), (7, 0, 0.8), (8, 0, 0.6))
    assert cuts(truth(0, 0), found, 1) == [pytest.approx(0.85)]


def test_equal_scores_are_not_parted():
    found = detections((0, 0, 0.5), (7, 0, 0.5), (1, 0, 0.2))
    (cut,) = cuts(truth(0, 0), found, 1)
    assert cut == pytest.approx(0.1)


def test_each_class_has_its_own():
    found = detections((0, 0, 0.9), (3, 0, 0.7), (1, 1, 0.2))
    assert cuts(truth(0, 1), found, 2) == [0.8, 0.1]


def test_no_cut_lies_where_nothing_was_looked_for():
    found = detections((0, 0, 0.06))
    for least, cut in ((0.0, 0.03), (0.05, 0.055)):
        got = cuts(truth(0), found, 1, least=least)
        assert got == [pytest.approx(cut)]
