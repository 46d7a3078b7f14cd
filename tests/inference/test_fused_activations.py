"""Convolutions that apply their activations have the outputs of the two layers."""

import copy

import pytest
import timm
import torch
from timm.layers import Conv2dSame
from torch import nn
from torch.testing import assert_close

from pipeline.inference.even_padding import pad_evenly
from pipeline.inference.fused_activations import FusedConv, fuse_activations
from pipeline.inference.prepare import prepare_for_inference

needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this PyTorch has no oneDNN"
)


def fused(model: nn.Module) -> list[FusedConv]:
    return [layer for layer in model.modules() if isinstance(layer, FusedConv)]


@needs_onednn
@torch.no_grad()
def test_by_hand():
    """Twice the sum of the channels, kept within 0..6."""
    conv = nn.Conv2d(3, 1, 1, bias=False)
    nn.init.constant_(conv.weight, 2)
    model = fuse_activations(nn.Sequential(conv, nn.ReLU6()), 2)
    assert isinstance(model[0], FusedConv) and isinstance(model[1], nn.Identity)
    images = torch.zeros(1, 3, 2, 2)
    images[0, 1] = torch.tensor([[-1.0, 0.0], [2.5, 4.0]])
    assert model(images)[0, 0].tolist() == [[0, 0], [5, 6]]


@needs_onednn
@pytest.mark.parametrize("activation", [nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish])
@pytest.mark.parametrize("inplace", [True, False])
@pytest.mark.parametrize("groups", [1, 6])
@pytest.mark.parametrize("stride", [1, 2])
@torch.no_grad()
def test_every_activation(activation, inplace, groups, stride):
    torch.manual_seed(0)
    conv = nn.Conv2d(6, 12, 3, stride, padding=1, groups=groups)
    model = nn.Sequential(nn.Conv2d(3, 6, 1), conv, activation(inplace)).eval()
    images = torch.randn(2, 3, 9, 9) * 4
    expected = model(images)
    assert_close(fuse_activations(model, 9)(images), expected)
    assert len(fused(model)) == 1


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "mobilenetv3_small_050", "resnet18"])
@torch.no_grad()
def test_a_backbone_answers_the_same(name):
    torch.manual_seed(0)
    model = prepare_for_inference(timm.create_model(name).eval(), 64)
    images = torch.randn(2, 3, 64, 64)
    expected = model(images)
    got = fuse_activations(pad_evenly(model, 64), 64)(images)
    assert_close(got, expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item())


@needs_onednn
def test_most_activations_of_the_default_backbone():
    """The stem's convolution pads by itself, and no other activation is left."""
    model = prepare_for_inference(timm.create_model("tf_efficientnet_lite0").eval(), 64)
    fuse_activations(pad_evenly(model, 64), 64)
    assert sum(isinstance(layer, nn.ReLU6) for layer in model.modules()) == 1 + len(fused(model))
    assert len(fused(model)) == 32


@pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this CPU computes no bfloat16"
)
@torch.no_grad()
def test_the_same_bits_in_bfloat16():
    """Rounding comes before the limits of ReLU6 or after them, which are exact in bfloat16."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU6())
    plain = copy.deepcopy(model)
    images = torch.randn(2, 3, 16, 16) * 4
    with torch.autocast("cpu", torch.bfloat16):
        got = fuse_activations(model, 16)(images)
        assert got.dtype == torch.bfloat16
        assert torch.equal(got, plain(images))


@torch.no_grad()
def test_without_bfloat16_in_hardware_the_layers_run_one_after_the_other(monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU6())
    plain = copy.deepcopy(model)
    images = torch.randn(2, 3, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(fuse_activations(model, 16)(images), plain(images))


@torch.no_grad()
def test_float64_which_onednn_does_not_compute():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU6()).double()
    plain = copy.deepcopy(model)
    images = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    assert torch.equal(fuse_activations(model, 16)(images), plain(images))


@pytest.mark.parametrize(
    "layers",
    [
        [Conv2dSame(3, 3, 3, 2), nn.ReLU()],
        [nn.Conv2d(3, 3, 3, padding="same"), nn.ReLU()],
        [nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"), nn.ReLU()],
        [nn.Conv2d(3, 3, 3), nn.LeakyReLU()],
        [nn.ReLU(), nn.Conv2d(3, 3, 3)],
    ],
    ids=["padded by itself", "same", "reflect", "another activation", "before"],
)
@torch.no_grad()
def test_others_stay(layers):
    model = fuse_activations(nn.Sequential(*layers), 8)
    assert list(model) == layers


@torch.no_grad()
def test_without_onednn_nothing_changes(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    layers = [nn.Conv2d(3, 3, 3), nn.ReLU()]
    assert list(fuse_activations(nn.Sequential(*layers), 8)) == layers
