"""Which objects have an anchor: numbers by hand, torchvision as the oracle."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import box_iou

from pipeline.evaluate import anchor_fit as module
from pipeline.evaluate.anchor_fit import anchor_fit, best_anchor_iou

ANCHORS = np.array([[0, 0, 10, 10], [100, 100, 300, 300]])


def test_no_object():
    best = best_anchor_iou(np.zeros((0, 4)), ANCHORS)
    assert best.shape == (0,)
    fits = anchor_fit(best, np.zeros((0, 4)))
    assert [fit.objects for fit in fits] == [0, 0, 0, 0]
    assert all(math.isnan(fit.fitting) and math.isnan(fit.mean_iou) for fit in fits)


def test_box_without_area_has_no_anchor():
    assert best_anchor_iou(np.array([[5, 5, 5, 9]]), ANCHORS).tolist() == [0.0]


def test_fit_by_hand():
    # As the first anchor; half of it, which is not above .5; a quarter of the second.
    boxes = np.array([[0, 0, 10, 10], [0, 0, 5, 10], [100, 100, 200, 200]])
    best = best_anchor_iou(boxes, ANCHORS)
    assert best == pytest.approx([1, 0.5, 0.25])
    every, small, medium, large = anchor_fit(best, boxes)
    assert (every.objects, every.fitting) == (3, pytest.approx(1 / 3))
    assert every.mean_iou == pytest.approx(1.75 / 3)
    assert (small.size, small.objects, small.fitting, small.mean_iou) == ("small", 2, 0.5, 0.75)
    assert (medium.objects, large.objects, large.fitting) == (0, 1, 0.0)


corner, side = st.integers(0, 50), st.integers(1, 40)
boxes = st.lists(st.tuples(corner, corner, side, side), min_size=1, max_size=6)


@given(objects=boxes, anchors=boxes)
def test_torchvision_finds_the_same(objects, anchors):
    both = [np.array([(x, y, x + w, y + h) for x, y, w, h in part]) for part in (objects, anchors)]
    expected = box_iou(*(torch.tensor(part).double() for part in both)).amax(1)
    assert best_anchor_iou(*both) == pytest.approx(expected.numpy())


def test_many_objects_are_compared_in_parts(monkeypatch):
    boxes = np.random.default_rng(0).random((7, 4)) * 20
    boxes[:, 2:] += boxes[:, :2]
    whole = best_anchor_iou(boxes, ANCHORS)
    monkeypatch.setattr(module, "_PAIRS_AT_ONCE", 4)
    assert best_anchor_iou(boxes, ANCHORS).tolist() == whole.tolist()
