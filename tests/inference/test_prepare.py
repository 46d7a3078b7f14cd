"""A folded network answers as before, and has no batch norm left that a convolution can take."""

import pytest
import timm
import torch
from pipeline.models.folding import fold_batch_norms
from pipeline.models.fused_conv import FusedConv
from torch import nn
from torch.testing import assert_close

from pipeline.rungs.registry import RUNGS
from tests.rungs.making import model_of, spec_of


def norms(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]


def seasoned(model):
    """Give every batch norm statistics and weights of its own, and put the model at rest."""
    torch.manual_seed(1)
    for norm in norms(model):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.uniform_(norm.bias, -0.5, 0.5)
        nn.init.uniform_(norm.running_mean, -0.5, 0.5)
        nn.init.uniform_(norm.running_var, 0.5, 1.5)
    return model.eval()


def test_by_hand():
    conv, norm = nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1, eps=0.0)
    nn.init.constant_(conv.weight, 3)
    norm.running_mean.fill_(1)
    norm.running_var.fill_(4)
    nn.init.constant_(norm.weight, 5)
    nn.init.constant_(norm.bias, 7)
    model = fold_batch_norms(nn.Sequential(conv, norm).eval(), torch.zeros(1, 1, 1, 1))
    assert model[0].weight.item() == 3 / 2 * 5
    assert model[0].bias.item() == -1 / 2 * 5 + 7
    assert norms(model) == []


@pytest.mark.parametrize(
    ("name", "activations"),
    [("tf_efficientnet_lite0", 33), ("mobilenetv3_small_050", 23), ("resnet18", 0)],
)
def test_a_folded_backbone_answers_the_same(name, activations):
    model = seasoned(timm.create_model(name))
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = model(images)
        got = fold_batch_norms(model, images[:1])(images)
    assert norms(model) == []
    assert sum(isinstance(layer, FusedConv) for layer in model.modules()) == activations
    assert_close(got, expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item())


@pytest.mark.parametrize("rung", [rung.name for rung in RUNGS])
def test_a_folded_rung_answers_the_same(rung):
    model, size = seasoned(model_of(rung)), spec_of(rung).image_size
    images = torch.randn(2, 3, size, size)
    before = len(norms(model))
    with torch.no_grad():
        expected = model(images)
        got = fold_batch_norms(model, images[:1])(images)
    assert len(norms(model)) < before
    for key, value in expected.items():
        assert_close(got[key], value, rtol=1e-3, atol=1e-3 * value.abs().max().item())


class Shared(nn.Module):
    """One convolution for two norms, as heads over several maps have it."""

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
    assert_close(fold_batch_norms(model, images)(images), expected)
    assert len(norms(model)) == 2


def test_a_norm_that_reads_no_convolution_stays():
    model = seasoned(nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(), nn.Conv2d(3, 3, 1)))
    assert len(norms(fold_batch_norms(model, torch.randn(1, 3, 4, 4)))) == 1


@pytest.mark.parametrize("inplace", [True, False])
def test_a_norm_after_an_activation_stays(inplace):
    model = seasoned(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU(inplace), nn.BatchNorm2d(3)))
    images = torch.randn(1, 3, 4, 4)
    expected = model(images)
    assert_close(fold_batch_norms(model, images)(images), expected)
    assert len(norms(model)) == 1


def test_nothing_is_left_hanging_on_the_layers():
    model = fold_batch_norms(seasoned(model_of("classifier")), torch.randn(1, 3, 64, 64))
    assert all(not layer._forward_hooks for layer in model.modules())
