"""Suppression: by hand, and against torchvision's within each class."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import nms

from pipeline.rungs.ssd import postprocess
from pipeline.rungs.ssd.postprocess import suppress

OPTIONS = {"min_score": 0.1, "nms_threshold": 0.5, "max_detections": 100}
# IoU with the first: .8, .4 and 0.
BOXES = torch.tensor([[0.0, 0, 10, 10], [0, 0, 8, 10], [6, 0, 10, 10], [50, 50, 60, 60]])


def one(scores, boxes=BOXES, **changes):
    """Return what is left of one photo, from scores `(A, C)`."""
    (found,) = suppress(boxes[None], torch.tensor(scores)[None], **OPTIONS | changes)
    return found


def test_by_hand():
    found = one([[0.6], [0.9], [0.7], [0.2]])
    # The second drops the first, not the third: their IoU is .2.
    assert found.scores.tolist() == pytest.approx([0.9, 0.7, 0.2])
    assert found.boxes.tolist() == BOXES[[1, 2, 3]].tolist()
    assert found.labels.tolist() == [0, 0, 0]


def test_nms_threshold_is_exceeded_strictly():
    scores = [[0.9], [0.8], [0.0], [0.0]]
    assert len(one(scores, nms_threshold=0.81).scores) == 2
    assert len(one(scores, nms_threshold=0.79).scores) == 1


def test_classes_do_not_suppress_each_other():
    found = one([[0.9, 0.8], [0.3, 0.7], [0.0, 0.0], [0.0, 0.0]])
    assert found.labels.tolist() == [0, 1]
    assert found.boxes.tolist() == BOXES[[0, 0]].tolist()


def test_scores_at_the_threshold_are_dropped():
    scores = [[0.5], [0.0], [0.0], [0.25]]  # exact in float32
    assert one(scores, min_score=0.25).scores.tolist() == [0.5]
    assert one(scores, min_score=0.2499).scores.tolist() == [0.5, 0.25]


def test_the_best_are_kept_over_all_classes():
    scores = [[0.9, 0.0], [0.0, 0.0], [0.0, 0.3], [0.2, 0.6]]
    found = one(scores, max_detections=2)
    assert found.scores.tolist() == pytest.approx([0.9, 0.6])
    assert found.labels.tolist() == [0, 1]


def test_nothing_found():
    found = one([[0.1, 0.0]] * 4, min_score=0.5)
    assert [tuple(part.shape) for part in vars(found).values()] == [(0, 4), (0,), (0,)]
    assert found.labels.dtype == torch.int64


def test_no_photos():
    assert suppress(torch.zeros(0, 4, 4), torch.zeros(0, 4, 2), **OPTIONS) == []


def test_only_the_best_candidates_are_compared(monkeypatch):
    monkeypatch.setattr(postprocess, "MAX_CANDIDATES", 2)
    found = one([[0.4, 0.3], [0.0, 0.0], [0.0, 0.5], [0.6, 0.2]])
    assert found.scores.tolist() == pytest.approx([0.6, 0.5])
    assert found.labels.tolist() == [0, 1]
    assert found.boxes.tolist() == BOXES[[3, 2]].tolist()


def test_photos_are_told_apart():
    boxes = torch.stack([BOXES, BOXES.flip(0)])
    scores = torch.tensor([[[0.9], [0], [0], [0]], [[0.8], [0], [0], [0.7]]])
    first, second = suppress(boxes, scores, **OPTIONS)
    assert first.boxes.tolist() == BOXES[:1].tolist()
    assert second.boxes.tolist() == BOXES[[3, 0]].tolist()


@given(seed=st.integers(0, 2**32 - 1), nms_threshold=st.sampled_from([0.3, 0.5, 0.7]))
@settings(max_examples=50, deadline=None)
def test_as_torchvision_class_by_class(seed, nms_threshold):
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(2, 40, 2, 2, generator=generator) * 50
    boxes = torch.cat([corners.amin(2), corners.amax(2)], -1)
    scores = torch.rand(2, 40, 3, generator=generator)
    options = OPTIONS | {"nms_threshold": nms_threshold, "min_score": 0.4}
    for photo, found in enumerate(suppress(boxes, scores, **options)):
        expected = []
        for label in range(3):
            above = torch.where(scores[photo, :, label] > 0.4)[0]
            kept = above[nms(boxes[photo, above], scores[photo, above, label], nms_threshold)]
            expected += [
                (scores[photo, anchor, label].item(), label, boxes[photo, anchor].tolist())
                for anchor in kept
            ]
        got = zip(found.scores.tolist(), found.labels.tolist(), found.boxes, strict=True)
        expected = sorted(expected, reverse=True)[:100]
        assert [(score, label, box.tolist()) for score, label, box in got] == expected
