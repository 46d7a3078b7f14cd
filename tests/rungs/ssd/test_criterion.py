"""Losses of the SSD rungs: against the lesson's loop over photos, against torchvision, by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from pipeline.rungs.ssd.criterion import grid_ssd_losses, pyramid_ssd_losses
from pipeline.rungs.ssd.matching import IGNORE, match_iou
from tests.oracles.ssd import lesson_photo, pyramid_losses

SIZE, CLASSES = 64, 3
ANCHORS = torch.tensor(
    [[x, y, x + 16, y + 16] for y in range(0, 64, 16) for x in range(0, 64, 16)]
).float()


def random_batch(seed, photos=4, objects=3):
    """Return outputs, boxes and labels; the first photo is empty, the others are not."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(photos, len(ANCHORS), CLASSES, generator=generator)
    boxes = ANCHORS + 3 * torch.randn(photos, len(ANCHORS), 4, generator=generator)
    corners = torch.rand(photos, objects, 2, 2, generator=generator) * SIZE
    gt_boxes = torch.cat([corners.amin(2), corners.amax(2)], -1)
    labels = torch.randint(CLASSES, (photos, objects), generator=generator)
    padded = torch.arange(objects) >= torch.tensor([0, 3, 2, 1])[:photos, None]
    labels[padded], gt_boxes[padded] = -1, 0
    return logits.requires_grad_(), boxes.requires_grad_(), gt_boxes, labels


def ones(labels):
    return torch.ones(labels.shape)


def gradients(total, *tensors):
    return torch.autograd.grad(total, tensors, allow_unused=True, materialize_grads=True)


def lesson_losses(logits, boxes, gt_boxes, labels, gamma=0.0):
    matched = match_iou(gt_boxes, labels >= 0, ANCHORS, 0.4)
    return grid_ssd_losses(logits, boxes, gt_boxes, labels, matched, ones(labels), SIZE, gamma)


@given(seed=st.integers(0, 2**32 - 1), gamma=st.sampled_from([0.0, 1.0, 2.0]))
@settings(max_examples=40, deadline=None)
def test_lesson_losses_and_gradients_as_the_loop_over_photos(seed, gamma):
    logits, boxes, gt_boxes, labels = random_batch(seed)
    got = lesson_losses(logits, boxes, gt_boxes, labels, gamma)
    photos = zip(logits, boxes, gt_boxes, labels, strict=True)
    class_losses, box_losses = zip(
        *(lesson_photo(*photo, ANCHORS, SIZE, 0.4, gamma) for photo in photos), strict=True
    )
    expected = {"class_loss": sum(class_losses) / 4, "box_loss": sum(box_losses) / 4}
    for name, loss in expected.items():
        torch.testing.assert_close(got[name], loss)
        ours, theirs = gradients(got[name], logits, boxes), gradients(loss, logits, boxes)
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_lesson_losses_by_hand():
    logits = torch.zeros(1, 2, 3)  # every probability is 1/2
    boxes = torch.tensor([[[0.0, 0, 32, 32], [0, 0, 0, 0]]])
    gt_boxes, labels = torch.tensor([[[0.0, 0, 32, 64]]]), torch.tensor([[2]])
    matched = torch.tensor([[0, -1]])
    plain = grid_ssd_losses(logits, boxes, gt_boxes, labels, matched, ones(labels), 64, 0.0)
    assert plain["class_loss"] == pytest.approx(6 * math.log(2) / 3)
    assert plain["box_loss"] == 32 / 4 / 64
    focal = grid_ssd_losses(logits, boxes, gt_boxes, labels, matched, ones(labels), 64, 2.0)
    weights = (0.25 + 5 * 0.75) * 0.5**2
    assert focal["class_loss"] == pytest.approx(weights * math.log(2) / 3)


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_lesson_losses_of_empty_photos_teach_background(gamma):
    logits, boxes, gt_boxes, labels = random_batch(1, photos=1)
    losses = lesson_losses(logits, boxes, gt_boxes, labels, gamma)
    on_logits, on_boxes = gradients(sum(losses.values()), logits, boxes)
    assert losses["class_loss"].isfinite() and losses["class_loss"] > 0
    assert losses["box_loss"] == 0
    assert (on_logits > 0).all()  # every score is to fall
    assert not on_boxes.any()


def matches_of(labels, ignored=()):
    """Return matches in which object j of a photo has anchors 2j and 2j + 1."""
    matched = torch.full((len(labels), len(ANCHORS)), -1)
    for photo, number in torch.nonzero(labels >= 0).tolist():
        matched[photo, 2 * number : 2 * number + 2] = number
    for photo, anchor in ignored:
        matched[photo, anchor] = IGNORE
    return matched


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_pyramid_losses_and_gradients_as_a_loop_over_anchors(seed):
    logits, boxes, gt_boxes, labels = random_batch(seed)
    # Predictions near the truth for one photo: its IoUs are high.
    boxes = torch.cat([boxes[:1], gt_boxes[1, [0, 0, 1, 1, 2, 2] + [0] * 10][None] + 1, boxes[2:]])
    boxes = boxes.detach().requires_grad_()
    matched = matches_of(labels, ignored=[(1, 8), (0, 3)])
    got = pyramid_ssd_losses(logits, boxes, gt_boxes, labels, matched, ones(labels))
    expected = pyramid_losses(logits, boxes, gt_boxes, labels, matched)
    for ours, loss in zip((got["class_loss"], got["box_loss"]), expected, strict=True):
        torch.testing.assert_close(ours, loss, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(
            gradients(ours, logits, boxes), gradients(loss, logits, boxes), rtol=1e-3, atol=1e-5
        )


def test_quality_focal_loss_of_one_anchor_by_hand():
    logits = torch.tensor([[[math.log(3), 0.0]]])  # scores 3/4 and 1/2
    boxes = torch.tensor([[[0.0, 0, 10, 10]]])
    gt_boxes, labels = torch.tensor([[[0.0, 0, 10, 5]]]), torch.tensor([[0]])  # IoU 1/2
    losses = pyramid_ssd_losses(logits, boxes, gt_boxes, labels, torch.tensor([[0]]), ones(labels))
    cross = -(0.5 * math.log(0.75) + 0.5 * math.log(0.25))
    expected = 0.25**2 * cross + 0.5**2 * math.log(2)
    assert losses["class_loss"] == pytest.approx(expected)
    # The hull is the larger box: GIoU is the IoU. Weights below 1 together are not blown up.
    assert losses["box_loss"] == pytest.approx(0.5 * (1 - 0.5))


def test_pyramid_box_loss_is_weighed_by_quality():
    boxes = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10], [20, 0, 30, 10]]])
    gt_boxes = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 10]]])
    labels, matched = torch.tensor([[0, 1, 2]]), torch.tensor([[0, 1, 0, 2]])
    losses = pyramid_ssd_losses(
        torch.zeros(1, 4, 3), boxes, gt_boxes, labels, matched, ones(labels)
    )
    # IoU 1, 1/2, 1 and 0; the last pair has a hull of 300 of which 200 are covered: GIoU -1/3.
    expected = (0.5 * 0.5 + 0.05 * (4 / 3)) / (1 + 0.5 + 1 + 0.05)
    assert losses["box_loss"] == pytest.approx(expected)


def test_an_ignored_anchor_has_no_gradient():
    logits, boxes, gt_boxes, labels = random_batch(2)
    matched = matches_of(labels, ignored=[(1, 9), (0, 0)])
    losses = pyramid_ssd_losses(logits, boxes, gt_boxes, labels, matched, ones(labels))
    on_logits, on_boxes = gradients(sum(losses.values()), logits, boxes)
    for photo, anchor in [(1, 9), (0, 0)]:
        assert not on_logits[photo, anchor].any() and not on_boxes[photo, anchor].any()
    assert on_logits[1, 10].all()  # its neighbour is background
    assert on_boxes[1, 0].any()


def test_pyramid_losses_of_empty_photos_are_finite_and_teach_background():
    logits, boxes, gt_boxes, labels = random_batch(1, photos=1)
    losses = pyramid_ssd_losses(logits, boxes, gt_boxes, labels, matches_of(labels), ones(labels))
    on_logits, on_boxes = gradients(sum(losses.values()), logits, boxes)
    assert losses["class_loss"] > 0 and losses["class_loss"].isfinite()
    assert losses["box_loss"] == 0
    assert (on_logits > 0).all()
    assert not on_boxes.any()


def test_boxes_without_area_are_finite():
    logits = torch.zeros(1, 2, 3, requires_grad=True)
    boxes = torch.tensor([[[5.0, 5, 5, 5], [0, 0, 8, 8]]], requires_grad=True)
    gt_boxes, labels = torch.tensor([[[5.0, 5, 5, 5]]]), torch.tensor([[0]])
    losses = pyramid_ssd_losses(
        logits, boxes, gt_boxes, labels, torch.tensor([[0, 0]]), ones(labels)
    )
    assert all(loss.isfinite() for loss in losses.values())
    assert all(g.isfinite().all() for g in gradients(sum(losses.values()), logits, boxes))


@pytest.mark.parametrize("width", [1, 5])
def test_padding_changes_nothing(width):
    logits, boxes, gt_boxes, labels = random_batch(5)
    wide = torch.cat([gt_boxes, torch.zeros(4, width, 4)], 1)
    wide_labels = F.pad(labels, (0, width), value=-1)
    assert lesson_losses(logits, boxes, wide, wide_labels) == lesson_losses(
        logits, boxes, gt_boxes, labels
    )
    matched = matches_of(labels)
    assert pyramid_ssd_losses(
        logits, boxes, wide, wide_labels, matched, ones(wide_labels)
    ) == pyramid_ssd_losses(logits, boxes, gt_boxes, labels, matched, ones(labels))


def test_an_object_counts_by_its_weight_by_hand():
    logits = torch.zeros(1, 2, 1)  # every probability is 1/2
    boxes = torch.tensor([[[0.0, 0, 32, 32], [0, 0, 0, 0]]])
    gt_boxes, labels = torch.tensor([[[0.0, 0, 32, 64]]]), torch.tensor([[0]])
    matched, weights = torch.tensor([[0, -1]]), torch.tensor([[0.25]])
    on_grid = grid_ssd_losses(logits, boxes, gt_boxes, labels, matched, weights, 64, 0.0)
    # The background's anchor counts in full.
    assert on_grid["class_loss"] == pytest.approx(1.25 * math.log(2))
    assert on_grid["box_loss"] == 0.25 * 32 / 4 / 64
    pyramid = pyramid_ssd_losses(logits, boxes, gt_boxes, labels, matched, weights)
    # The target of the first is its IoU, 1/2, which it has already.
    assert pyramid["class_loss"] == pytest.approx(0.25 * math.log(2))
    assert pyramid["box_loss"] == pytest.approx(0.5 * 0.25 * 0.5)


def test_what_is_ignored_has_no_weight():
    logits, boxes, gt_boxes, labels = (
        torch.zeros(1, 1, 2),
        *[torch.zeros(1, 1, 4)] * 2,
        torch.zeros(1, 1, dtype=torch.long),
    )
    losses = grid_ssd_losses(
        logits, boxes, gt_boxes, labels, torch.tensor([[-2]]), ones(labels), 64, 0.0
    )
    assert losses["class_loss"] == 0
