"""The folded and fused model answers as the one that learnt."""

from torch import nn
from torch.testing import assert_close

from benchmarks import resting
from pipeline.models.fused_conv import FusedConv


def test_equal_answers():
    learnt, model, images = resting.models(64)
    got = resting.forward(model, images, "float32")
    for key, value in resting.forward(learnt, images, "float32").items():
        assert_close(got[key], value, rtol=1e-3, atol=1e-3)


def test_the_limit_has_every_convolution():
    _, model, images = resting.models(64)
    calls = resting.convolutions(model, images, "float32")
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    fused = [layer.conv for layer in model.modules() if isinstance(layer, FusedConv)]
    seen = {id(getattr(layer, "conv", layer)) for layer, _ in calls}
    assert fused and seen == {id(layer) for layer in layers}
