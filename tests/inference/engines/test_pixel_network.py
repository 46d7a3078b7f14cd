"""Pixels are normalised as the spec says."""

import torch

from pipeline.inference.engines.pixel_network import PixelNetwork
from tests.inference.making import SIDE, model_of, spec_of


def test_pixels_are_normalised_by_hand():
    model, spec = model_of("combined"), spec_of("combined")
    pixels = torch.randint(0, 256, (2, SIDE, SIDE, 3), dtype=torch.uint8)
    kept = pixels.clone()
    images = torch.stack([(pixels[..., c] / 255 - spec.mean[c]) / spec.std[c] for c in range(3)], 1)
    with torch.no_grad():
        found, expected = PixelNetwork(model, spec)(pixels), model(images)
    assert found.keys() == {"boxes", "cls_logits"} and torch.equal(pixels, kept)
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=1e-4)
