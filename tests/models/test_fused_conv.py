"""A fused convolution gives what its two layers give one after the other."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.layers import Conv2dSame
from torch import nn
from torch.testing import assert_close

from pipeline.models.fused_conv import FusedConv, can_fuse

ACTIVATIONS = [nn.ReLU(), nn.ReLU6(), nn.SiLU(), nn.Hardswish()]


def both(conv, activation, images):
    """Return the outputs of the fused layer and of the two layers."""
    conv = conv.to(memory_format=torch.channels_last)
    with torch.no_grad():
        return FusedConv(conv, activation)(images), activation(conv(images))


def test_by_hand():
    conv = nn.Conv2d(1, 1, 1)
    nn.init.constant_(conv.weight, 2)
    nn.init.constant_(conv.bias, 1)
    got, _ = both(conv, nn.ReLU6(), torch.tensor([-3.0, 1.0, 4.0]).view(1, 1, 1, 3))
    assert got.flatten().tolist() == [0, 3, 6]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
@pytest.mark.parametrize("conv", [nn.Conv2d, Conv2dSame])
def test_every_activation(activation, conv):
    assert_close(*both(conv(4, 4, 3, 2, groups=4), activation, torch.randn(2, 4, 8, 8) * 4))


@settings(deadline=None)
@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 12),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
)
def test_tensorflows_padding_of_any_size(rows, columns, kernel, stride, dilation):
    conv = Conv2dSame(3, 8, kernel, stride, dilation=dilation)
    got, expected = both(conv, nn.ReLU6(), torch.randn(2, 3, rows, columns))
    assert_close(got, expected)


@pytest.mark.parametrize("conv", [nn.Conv2d(3, 8, 3, 2, 1), Conv2dSame(3, 8, 3, 2)], ids=type)
def test_autocast_rounds_what_goes_in(conv):
    images = torch.randn(2, 3, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        got, expected = both(conv, nn.ReLU6(), images)
    assert got.dtype == torch.bfloat16
    assert_close(got, expected)


def test_numbers_that_a_cpu_has_no_operation_for():
    conv = nn.Conv2d(3, 8, 3).double()
    assert_close(*both(conv, nn.ReLU6(), torch.randn(2, 3, 8, 8).double()))


def test_outputs_are_channels_last():
    for conv in (nn.Conv2d(3, 8, 3, 2, 1), Conv2dSame(3, 8, 3, 2)):
        got, _ = both(conv, nn.ReLU6(), torch.randn(2, 3, 8, 8))
        assert got.is_contiguous(memory_format=torch.channels_last)


def test_what_cannot_be_fused():
    assert can_fuse(nn.Conv2d(3, 8, 3), nn.ReLU6())
    assert not can_fuse(nn.Conv2d(3, 8, 3), nn.Tanh())
    assert not can_fuse(nn.Conv2d(3, 8, 3, padding="same"), nn.ReLU6())
    assert not can_fuse(nn.Conv2d(3, 8, 3, padding_mode="reflect"), nn.ReLU6())
