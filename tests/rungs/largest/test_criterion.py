"""Losses of the largest object: means over the photos that count."""

import math

import torch

from pipeline.rungs.largest.criterion import accuracy, box_loss, class_loss

NONE = torch.tensor([False, False])


def test_class_loss_by_hand():
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0], [9.0, 0.0]])
    labels = torch.tensor([1, 0, 1])
    valid = torch.tensor([True, True, False])
    loss = class_loss(logits, labels, valid)
    assert math.isclose(loss, (math.log(2) + math.log(4 / 3)) / 2, rel_tol=1e-6)


def test_accuracy_by_hand():
    logits = torch.tensor([[2.0, 1.0], [2.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    labels, weights = torch.tensor([0, 1, 1, -1]), torch.tensor([1.0, 1.0, 0.5, 0.0])
    assert accuracy(logits, labels, weights) == 1.5 / 2.5
    assert accuracy(logits, labels, torch.zeros(4)) == 0


def test_box_loss_by_hand():
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 2, 3, 4], [50, 50, 60, 60]])
    gt_boxes = torch.tensor([[0.0, 0, 10, 10], [2, 2, 3, 8], [0, 0, 1, 1]])
    loss = box_loss(boxes, gt_boxes, torch.tensor([True, True, False]))
    assert loss == (0 + 5 / 4) / 2


def test_photos_that_do_not_count_have_no_gradient():
    logits = torch.zeros(2, 3, requires_grad=True)
    boxes = torch.zeros(2, 4, requires_grad=True)
    valid = torch.tensor([True, False])
    loss = class_loss(logits, torch.tensor([2, 0]), valid)
    (loss + box_loss(boxes, torch.full((2, 4), -8.0), valid)).backward()
    assert logits.grad[0].abs().min() > 0 and not logits.grad[1].any()
    assert boxes.grad.tolist() == [[0.25] * 4, [0.0] * 4]


def test_a_batch_of_which_nothing_counts_costs_nothing():
    logits = torch.randn(2, 3, requires_grad=True)
    boxes = torch.randn(2, 4, requires_grad=True)
    loss = class_loss(logits, torch.tensor([-1, -1]), NONE)
    loss = loss + box_loss(boxes, torch.zeros(2, 4), NONE)
    loss.backward()
    assert loss == 0
    assert not logits.grad.any() and not boxes.grad.any()
