"""Scores above which a class is worth believing, counted by hand."""

import numpy as np
import pytest

from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.label_scores import (
    PULLS,
    best_cut,
    choose_label_scores,
    keep_labels,
)
from pipeline.predictions import UNKNOWN_LABEL_SCORE


def truth(*labels: int) -> Truth:
    """Return an object of each label, every one in a photo of its own."""
    boxes = np.tile([0.0, 0, 10, 10], (len(labels), 1))
    return Truth(np.arange(len(labels)), boxes, np.array(labels, int), np.zeros(len(labels), bool))


def detections(*rows: tuple[int, int, float]) -> Detections:
    """Return detections of (photo, label, score), exactly on the object."""
    photo, labels, scores = zip(*rows, strict=True) if rows else ((), (), ())
    boxes = np.tile([0.0, 0, 10, 10], (len(rows), 1)).reshape(-1, 4)
    return Detections(np.array(photo, int), boxes, np.array(labels, int), np.array(scores, float))


def cut(*rows: tuple[float, bool], objects: int) -> float | None:
    """Return the best cut of a ranking of (score, true positive)."""
    scores, true_positive = zip(*rows, strict=True) if rows else ((), ())
    return best_cut(np.array(scores, float), np.array(true_positive, bool), objects)


def test_without_a_true_positive_there_is_no_best_cut():
    assert cut(objects=3) is None
    assert cut((0.9, False), objects=3) is None


def test_the_cut_lies_between_right_and_wrong():
    assert cut((0.9, True), (0.6, True), (0.4, False), (0.2, False), objects=2) == 0.5


def test_f1_weighs_precision_against_recall():
    # After 1, 2, 3 detections: F1 2/3 (1/1, 1/2), 1/2 (1/2, 1/2), 4/5 (2/3, 2/2).
    assert cut((0.9, True), (0.8, False), (0.6, True), objects=2) == 0.3
    # With a wrong third one the first alone is best.
    assert cut((0.9, True), (0.8, False), (0.6, False), objects=2) == pytest.approx(0.85)


def test_equal_scores_are_not_parted():
    assert cut((0.5, True), (0.5, False), (0.2, True), objects=2) == pytest.approx(0.1)


def test_nothing_found_takes_the_fallback():
    for found in (detections(), detections((0, 0, 0.9))):
        chosen = choose_label_scores(truth(1, 1), found, 2)
        assert chosen.scores.tolist() == [UNKNOWN_LABEL_SCORE] * 2


def test_one_photo_has_no_other_to_try_scores_on():
    chosen = choose_label_scores(truth(0), detections((0, 0, 0.8)), 3)
    assert (chosen.scores.tolist(), chosen.pull) == ([0.4] * 3, PULLS[0])


def test_what_lies_above_its_class_score_becomes_a_label():
    found = detections((0, 0, 0.5), (1, 0, 0.6), (2, 1, 0.2), (3, 1, 0.1))
    kept = keep_labels(found, np.array([0.5, 0.1]))
    assert kept.photo.tolist() == [1, 2]


def sample(best: list[float], objects: list[int], seed: int) -> tuple[Truth, Detections]:
    """Return objects that are all found, and as many false ones, of classes with known best scores.

    True positives score on average .15 above the best score of their class, the others .15 below
    it, both with a deviation of .1: half way between the two, F1 is best.
    """
    chance = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(best)), objects)
    middle = np.array(best)[labels]
    photo = np.arange(len(labels))
    boxes = np.tile([0.0, 0, 10, 10], (len(labels), 1))
    scores = np.concatenate([chance.normal(middle + side, 0.1) for side in (0.15, -0.15)])
    found = Detections(
        np.tile(photo, 2),
        np.concatenate([boxes, boxes + 50]),
        np.tile(labels, 2),
        np.clip(scores, 0.01, 0.99),
    )
    return Truth(photo, boxes, labels, np.zeros(len(labels), bool)), found


def f1(truth: Truth, found: Detections, scores: np.ndarray) -> float:
    kept = keep_labels(found, scores)
    right = np.count_nonzero(kept.boxes[:, 0] == 0)
    return 2 * right / (len(kept.photo) + len(truth.photo))


def test_classes_that_differ_and_have_many_objects_keep_their_own_scores():
    chosen = choose_label_scores(*sample([0.3, 0.7], [800, 800], seed=1), 2)
    assert chosen.scores == pytest.approx([0.3, 0.7], abs=0.05)
    assert chosen.pull <= 100


def test_a_class_with_few_objects_takes_nearly_the_common_score():
    chosen = choose_label_scores(*sample([0.3, 0.7, 0.7], [800, 800, 2], seed=2), 3)
    assert chosen.scores[:2] == pytest.approx([0.3, 0.7], abs=0.06)
    if chosen.pull:
        share = 2 / (2 + chosen.pull)
        assert abs(chosen.scores[2] - chosen.common) <= share + 1e-4


def test_classes_that_are_alike_go_to_the_common_score():
    scores = [choose_label_scores(*sample([0.5] * 20, [8] * 20, seed), 20) for seed in range(5)]
    pulls = [chosen.pull for chosen in scores]
    assert sorted(pulls)[2] >= 30  # a class of 8 has a fifth of its own at most
    spread = [float(np.ptp(chosen.scores)) for chosen in scores]
    assert sorted(spread)[2] < 0.1


def test_shrunk_scores_hold_better_in_other_photos_than_scores_by_class():
    gains = []
    for seed in range(10):
        here, there = (sample([0.5] * 20, [8] * 20, 2 * seed + part) for part in (0, 1))
        truth, found = here
        own = np.array([_own_cut(truth, found, label) for label in range(20)])
        gains.append(f1(*there, choose_label_scores(*here, 20).scores) - f1(*there, own))
    assert np.mean(gains) > 0.01
    assert min(gains) > -0.01


def _own_cut(truth: Truth, found: Detections, label: int) -> float:
    rows = np.flatnonzero(found.labels == label)
    rows = rows[np.argsort(-found.scores[rows])]
    best = best_cut(found.scores[rows], found.boxes[rows, 0] == 0, 8)
    assert best is not None
    return best
