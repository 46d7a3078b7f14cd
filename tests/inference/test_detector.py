"""Images in, detections out: the family's own, with the model's precision."""

import pytest
import torch

from pipeline.inference.detector import detect, prepare_for_inference
from pipeline.rungs.registry import find_rung
from tests.rungs.making import model_of, objects_batch, spec_of

DECODING = {"score_threshold": 0.0, "nms_threshold": 0.5, "max_detections": 5}


def in_float32(rung):
    """Return a card, its model at rest, and images for it."""
    card, model = spec_of(rung), model_of(rung).eval()
    card.params["shared"] = {"precision": "float32"}
    return card, model, objects_batch(card.image_size).images


@pytest.mark.parametrize("rung", ["combined", "ssd_4x4", "ssd_fpn"])
def test_it_is_the_family_that_decodes(rung):
    card, model, images = in_float32(rung)
    found = detect(model, card, images, **DECODING)
    with torch.no_grad():
        outputs = model(images)
    expected = find_rung(rung).family().detect(outputs, image_size=card.image_size, **DECODING)
    assert len(found) == len(expected) == 3
    for one, other in zip(found, expected, strict=True):
        assert one.keys() == other.keys() == {"labels", "scores", "boxes"}
        assert all(torch.equal(one[key], other[key]) for key in one)
        assert not any(value.requires_grad for value in one.values())


@pytest.mark.parametrize("rung", ["combined", "ssd_4x4", "ssd_fpn"])
def test_a_model_that_is_only_to_detect_finds_the_same(rung):
    card, model, images = in_float32(rung)
    expected = detect(model, card, images, **DECODING)
    found = detect(prepare_for_inference(model, card), card, images, **DECODING)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one["labels"], other["labels"])
        torch.testing.assert_close(one["boxes"], other["boxes"], rtol=1e-3, atol=0.05)
        torch.testing.assert_close(one["scores"], other["scores"], rtol=1e-3, atol=1e-3)
