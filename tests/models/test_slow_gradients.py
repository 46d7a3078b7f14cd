"""Which layers compute in float32 although autocast says bfloat16, and what they then return."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from pipeline.models.precision import SlowGradientsInFloat32, autocast

CPU = torch.device("cpu")


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 1),
        nn.Conv2d(8, 8, 3, groups=8, padding=1),
        nn.Conv2d(8, 8, 3, stride=2),
        nn.Conv2d(8, 8, 1, stride=2),
        nn.GroupNorm(2, 8),
    )


def dtypes(model: nn.Sequential, images: Tensor) -> list[torch.dtype]:
    """Return the dtypes of each layer's output in the context of a forward pass."""
    seen = []
    hooks = [layer.register_forward_hook(lambda *a: seen.append(a[2].dtype)) for layer in model]
    with autocast(CPU, "bfloat16"):
        model(images)
    for hook in hooks:
        hook.remove()
    return seen


def test_learning_depthwise_strided_and_group_norm_layers_are_in_float32():
    half, full = torch.bfloat16, torch.float32
    assert dtypes(layers(), torch.rand(2, 3, 8, 8)) == [half, full, full, half, full]


def test_layers_that_do_not_learn_are_in_bfloat16():
    images = torch.rand(2, 3, 8, 8)
    assert dtypes(layers().requires_grad_(False), images)[:4] == [torch.bfloat16] * 4
    with torch.no_grad():
        assert dtypes(layers(), images)[:4] == [torch.bfloat16] * 4


def test_outside_of_autocast_nothing_changes():
    model, images = layers(), torch.rand(2, 3, 8, 8)
    expected = model(images)
    with SlowGradientsInFloat32():
        assert_close(model(images), expected, rtol=0, atol=0)


@pytest.mark.parametrize("channels", [48, 96])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_gradient_of_a_strided_convolution_over_one_cell(channels, precision):
    # In bfloat16 it holds whatever the memory held before.
    conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
    cell = torch.rand(4, channels, 1, 1)
    with autocast(CPU, precision):
        out = conv(cell)
    out.float().sum().backward()
    expected = torch.zeros_like(conv.weight)
    expected[:, :, 1, 1] = cell.sum(0)[:, 0, 0]
    assert_close(conv.weight.grad, expected)


@pytest.mark.slow
def test_a_compiled_model_keeps_to_it():
    model, images = layers(), torch.rand(2, 3, 8, 8)
    with autocast(CPU, "bfloat16"):
        expected, compiled = model(images), torch.compile(model)(images)
    assert compiled.dtype == expected.dtype == torch.float32
    assert_close(compiled, expected, rtol=0.05, atol=0.05)
