"""Parity holds for rounding, and for nothing more."""

from dataclasses import replace

import pytest
import torch

from pipeline.export.parity import (
    Parity,
    compare,
    in_float32,
    raw_difference,
    same_detections,
)
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.rungs.rung import PhotoDetections
from tests.exported_files import some_pixels, torch_engine
from tests.inference.making import EVERYTHING, model_of, spec_of

NONE = PhotoDetections(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0))
TWO = PhotoDetections(
    torch.tensor([[0.0, 0, 10, 10], [5, 5, 20, 20]]), torch.tensor([0, 1]), torch.tensor([0.9, 0.8])
)


def changed(**parts) -> PhotoDetections:
    return replace(TWO, **parts)


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        (NONE, NONE, True),
        (NONE, TWO, False),
        (TWO, TWO, True),
        (TWO, changed(boxes=TWO.boxes + 0.001), True),
        (TWO, changed(boxes=TWO.boxes + 0.1), False),
        (TWO, changed(labels=torch.tensor([0, 0])), False),
        (TWO, changed(scores=TWO.scores + 0.01), False),
        (TWO, PhotoDetections(TWO.boxes.flip(0), TWO.labels.flip(0), TWO.scores.flip(0)), True),
        (changed(boxes=TWO.boxes[[0, 0]], labels=TWO.labels[[0, 0]]), TWO, False),
        (changed(boxes=TWO.boxes * torch.nan), changed(boxes=TWO.boxes * torch.nan), True),
    ],
)
def test_the_same_detections(found, expected, same):
    assert same_detections(found, expected, side=100) is same
    assert same_detections(expected, found, side=100) is same


def test_the_raw_difference_by_hand():
    one = {"boxes": torch.tensor([[0.0, 0, 50, 50]]), "cls_logits": torch.tensor([[1.0, 2.0]])}
    other = {"boxes": torch.tensor([[0.0, 0, 50, 60]]), "cls_logits": torch.tensor([[1.0, 1.95]])}
    assert raw_difference(one, one, 100) == 0
    assert raw_difference(one, other, 100) == pytest.approx(0.1)
    assert raw_difference(one, other, 1000) == pytest.approx(0.05)
    assert raw_difference(one, {"boxes": one["boxes"]}, 100) == float("inf")
    broken = one | {"boxes": one["boxes"] * torch.nan}
    assert raw_difference(broken, one, 100) == float("inf")


@pytest.mark.parametrize(
    ("parity", "holds"),
    [
        (Parity(100, 1e-5, 0), True),
        (Parity(100, 2e-4, 0), False),
        (Parity(100, float("inf"), 0), False),
        (Parity(100, None, 2), True),
        (Parity(100, None, 3), False),
        (Parity(16, 1e-5, 1), False),
    ],
)
def test_parity_holds_for_rounding(parity, holds):
    assert parity.holds is holds
    assert f"same boxes in {parity.photos - parity.other} of" in str(parity)


def test_an_engine_of_other_weights_is_found_out():
    reference, pixels = torch_engine("ssd_fpn"), some_pixels("ssd_fpn", 20)
    assert compare(torch_engine("ssd_fpn"), reference, pixels, EVERYTHING).holds
    model = model_of("ssd_fpn")
    with torch.no_grad():
        model.cls.bias += 0.01
    other = compare(TorchEngine(model, spec_of("ssd_fpn")), reference, pixels, EVERYTHING)
    assert not other.holds and other.difference == pytest.approx(0.01, rel=0.1)
    assert in_float32(spec_of("bbox", precision="auto")).precision == "float32"
