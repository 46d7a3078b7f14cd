"""A prepared network predicts as before, and has no batch norm that a convolution can absorb."""

import pytest
import timm
import torch
from torch import nn
from torch.testing import assert_close

from pipeline.inference.prepare import prepare_for_inference
from pipeline.models.backbone import Backbone
from pipeline.rungs.registry import RUNGS
from tests.inference.making import SIDE, model_of, spec_of


def norms(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]


def seasoned(model):
    """Give every batch norm statistics and weights of its own, then stop training."""
    torch.manual_seed(1)
    for norm in norms(model):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.uniform_(norm.bias, -0.5, 0.5)
        nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        nn.init.uniform_(norm.running_var, 0.5, 1.5)
    return model.eval()


def test_by_hand():
    conv, norm = nn.Conv2d(3, 1, 1, bias=False), nn.BatchNorm2d(1, eps=0.0)
    nn.init.constant_(conv.weight, 3)
    norm.running_mean.fill_(1)
    norm.running_var.fill_(4)
    nn.init.constant_(norm.weight, 5)
    nn.init.constant_(norm.bias, 7)
    model = prepare_for_inference(nn.Sequential(conv, norm).eval(), 1)
    assert model[0].weight.flatten().tolist() == [3 / 2 * 5] * 3
    assert model[0].bias.item() == -1 / 2 * 5 + 7
    assert norms(model) == []


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "mobilenetv3_small_050", "resnet18"])
def test_a_backbone_answers_the_same(name):
    model = seasoned(timm.create_model(name))
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = model(images)
        got = prepare_for_inference(model, 64)(images)
    assert norms(model) == []
    assert_close(got, expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item())


@pytest.mark.parametrize("rung", [rung.name for rung in RUNGS])
def test_a_rung_answers_the_same(rung):
    model, size = seasoned(model_of(rung)), spec_of(rung).image_size
    images = torch.randn(2, 3, size, size)
    before = len(norms(model))
    with torch.no_grad():
        expected = model(images)
        got = prepare_for_inference(model, size)(images)
    assert len(norms(model)) < before
    for key, value in expected.items():
        assert_close(got[key], value, rtol=1e-3, atol=1e-3 * value.abs().max().item())


class Pyramid(nn.Module):
    """The three maps of a backbone that activates before it convolves."""

    def __init__(self):
        super().__init__()
        self.backbone = Backbone("xception41p")
        self.backbone.keep_pyramid()

    def forward(self, images):
        return self.backbone.pyramid(images)


def test_a_map_that_a_norm_reads_and_the_model_returns():
    model = seasoned(Pyramid())
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        expected = model(images)
        got = prepare_for_inference(model, 64)(images)
    for map_, same in zip(got, expected, strict=True):
        assert_close(map_, same, rtol=1e-3, atol=1e-3 * same.abs().max().item())


class Shared(nn.Module):
    """One convolution for two norms, as in heads over several maps."""

    def __init__(self):
        super().__init__()
        self.conv, self.first, self.second = (
            nn.Conv2d(3, 3, 1),
            nn.BatchNorm2d(3),
            nn.BatchNorm2d(3),
        )

    def forward(self, images):
        return self.second(self.conv(self.first(self.conv(images))))


def test_layers_that_are_used_twice_stay():
    model = seasoned(Shared())
    images = torch.randn(1, 3, 4, 4)
    expected = model(images)
    assert_close(prepare_for_inference(model, 4)(images), expected)
    assert len(norms(model)) == 2


def test_a_norm_that_reads_no_convolution_stays():
    model = seasoned(nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 3, 1)))
    assert len(norms(prepare_for_inference(model, 4))) == 1


@pytest.mark.parametrize("inplace", [True, False])
def test_a_norm_after_an_activation_stays(inplace):
    model = seasoned(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(inplace), nn.BatchNorm2d(3)))
    images = torch.randn(1, 3, 4, 4)
    expected = model(images)
    assert_close(prepare_for_inference(model, 4)(images), expected)
    assert len(norms(model)) == 1


def test_nothing_is_left_hanging_on_the_layers():
    model = prepare_for_inference(seasoned(model_of("classifier")), SIDE)
    assert all(not layer._forward_hooks for layer in model.modules())
