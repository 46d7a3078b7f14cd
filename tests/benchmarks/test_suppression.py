"""Other ways of suppression, on boxes to check by hand."""

import math

import pytest
import torch
from torch.testing import assert_close

from benchmarks.suppression import averaged, hard, soft, with_mirrored

# Two boxes of one class with an IoU of .8, one far away, and one of another class on the first.
BOXES = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 8], [50, 50, 60, 60], [0, 0, 10, 10]])
SCORES = torch.tensor([0.9, 0.6, 0.5, 0.3])
LABELS = torch.tensor([0, 0, 0, 1])
FOUND = (BOXES, SCORES, LABELS)
NOTHING = (torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.long))


@pytest.mark.parametrize(
    "way",
    [lambda one: hard(one, 0.5), lambda one: averaged(one, 0.5, 0.7), lambda one: soft(one, 0.5)],
)
def test_nothing_stays_nothing(way):
    boxes, scores, labels = way(NOTHING)
    assert boxes.shape == (0, 4) and len(scores) == len(labels) == 0


def test_hard_drops_the_lower_of_two_of_a_class():
    _, scores, labels = hard(FOUND, 0.5)
    assert_close(scores, torch.tensor([0.9, 0.5, 0.3]))
    assert labels.tolist() == [0, 0, 1]


def test_averaged_takes_the_mean_by_score():
    boxes, scores, _ = averaged(FOUND, 0.5, 0.7)
    assert_close(boxes[0], torch.tensor([0, 0, 10, (0.9 * 10 + 0.6 * 8) / 1.5]))
    assert_close(boxes[1:], BOXES[2:])
    assert_close(scores, torch.tensor([0.9, 0.5, 0.3]))


def test_soft_lowers_the_score_of_what_overlaps_in_its_class():
    _, scores, labels = soft(FOUND, 0.5)
    assert_close(scores, torch.tensor([0.9, 0.5, 0.3, 0.6 * math.exp(-(0.8**2) / 0.5)]))
    assert labels.tolist() == [0, 0, 1, 0]


def test_candidates_of_both_images_are_there():
    assert_close(with_mirrored(FOUND, FOUND)[1], torch.cat([SCORES, SCORES]))
