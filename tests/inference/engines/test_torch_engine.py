"""Torch runs a rung's own model, in the precision of its spec."""

import pytest
import torch

from pipeline.inference.engines.torch_engine import TorchEngine
from tests.exported_files import some_pixels, torch_engine
from tests.inference.making import model_of, spec_of
from tests.on_gpu import ON_GPU


def test_outputs_are_those_of_the_model():
    engine, pixels = torch_engine("ssd_fpn"), some_pixels("ssd_fpn", 3)
    outputs = engine.run(pixels)
    assert outputs["boxes"].shape == (3, 86, 4) and outputs["cls_logits"].shape == (3, 86, 3)
    with torch.no_grad():
        expected = engine.network(torch.from_numpy(pixels))
    assert all(torch.equal(outputs[name], expected[name]) for name in expected)


def test_the_precision_is_that_of_the_spec():
    pixels = some_pixels("ssd_fpn", 1)
    coarse = TorchEngine(model_of("ssd_fpn"), spec_of("ssd_fpn", precision="bfloat16")).run(pixels)
    fine = torch_engine("ssd_fpn").run(pixels)
    assert not torch.equal(coarse["cls_logits"], fine["cls_logits"])
    torch.testing.assert_close(coarse["cls_logits"], fine["cls_logits"], rtol=0.1, atol=0.1)


@pytest.mark.gpu
@ON_GPU
@pytest.mark.parametrize("rung", ["combined", "ssd_189", "ssd_fpn"])
def test_a_gpu_answers_as_the_cpu(rung, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    pixels = some_pixels(rung, 3)
    outputs = TorchEngine(model_of(rung).cuda(), spec_of(rung)).run(pixels)
    for name, expected in torch_engine(rung).run(pixels).items():
        assert outputs[name].device.type == "cuda"
        torch.testing.assert_close(outputs[name].cpu(), expected, rtol=1e-2, atol=1e-2)
