"""Which layers leave autocast, and that nothing else about a model changes."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pipeline.models.float32_layers import keep_float32


def layers():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, groups=8, padding=1), nn.GroupNorm(2, 8)
    )


def kinds(model, images):
    """Return the types that each layer puts out under autocast."""
    seen = []
    hooks = [layer.register_forward_hook(lambda *a: seen.append(a[2].dtype)) for layer in model]
    with torch.autocast("cpu", torch.bfloat16):
        model(images)
    for hook in hooks:
        hook.remove()
    return seen


def test_learning_depthwise_and_group_norm_layers_leave_autocast():
    images = torch.rand(2, 3, 4, 4)
    assert kinds(layers(), images)[:2] == [torch.bfloat16] * 2
    assert kinds(keep_float32(layers()), images) == [torch.bfloat16, torch.float32, torch.float32]


def test_layers_that_do_not_learn_stay_in_autocast():
    images = torch.rand(2, 3, 4, 4)
    frozen = keep_float32(layers()).requires_grad_(False)
    assert kinds(frozen, images)[:2] == [torch.bfloat16] * 2
    with torch.no_grad():
        assert kinds(keep_float32(layers()), images)[:2] == [torch.bfloat16] * 2


def test_nothing_else_changes():
    plain, kept, images = layers(), keep_float32(layers()), torch.rand(2, 3, 4, 4)
    assert_close(kept(images), plain(images), rtol=0, atol=0)
    assert kept.state_dict().keys() == plain.state_dict().keys()
    twin = copy.deepcopy(kept)
    nn.init.zeros_(twin[1].weight)
    assert kept[1].weight.any()
    assert twin(images).isfinite().all()
    assert [type(layer).__name__ for layer in kept] == ["Conv2d", "Conv2d", "GroupNorm"]


@pytest.mark.parametrize("channels", [48, 96])
def test_gradient_of_a_strided_convolution_over_one_cell(channels):
    # In bfloat16 it holds whatever the memory held before.
    conv = keep_float32(nn.Sequential(nn.Conv2d(channels, channels, 3, stride=2, padding=1)))
    cell = torch.rand(4, channels, 1, 1)
    for precision in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", precision, enabled=precision == torch.bfloat16):
            out = conv(cell)
        conv.zero_grad()
        out.float().sum().backward()
        gradient = conv[0].weight.grad
        expected = torch.zeros_like(gradient)
        expected[:, :, 1, 1] = cell.sum(0)[:, 0, 0]
        assert_close(gradient, expected)
