"""Evenly padded convolutions have the outputs of those they replace."""

import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn
from torch.testing import assert_close

from pipeline.inference.even_padding import pad_evenly


def _same(kernel: int, stride: int, groups: int = 3, bias: bool = True) -> Conv2dSame:
    return Conv2dSame(3, 3, kernel, stride, groups=groups, bias=bias)


def test_by_hand():
    """Stride 2 over 4 columns of ones: the last window of a 3 x 3 kernel meets the padding."""
    conv = _same(3, 2, bias=False)
    nn.init.ones_(conv.weight)
    model = pad_evenly(nn.Sequential(conv), 4)
    assert model[0].kernel_size == (4, 4) and model[0].padding == (1, 1)
    assert model(torch.ones(1, 3, 4, 4))[0, 0].tolist() == [[9, 6], [6, 4]]


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [1, 2, 7, 8, 15])
@pytest.mark.parametrize("bias", [False, True])
def test_same_outputs(kernel, stride, side, bias):
    torch.manual_seed(0)
    model = nn.Sequential(_same(kernel, stride, bias=bias)).eval()
    images = torch.randn(2, 3, side, side)
    expected = model(images)
    assert_close(pad_evenly(model, side)(images), expected)
    assert type(model[0]) is nn.Conv2d


def test_others_stay():
    """A dense convolution, and a depthwise one that does not run."""
    dense, unused = _same(3, 2, groups=1), _same(3, 2)

    class Part(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense, self.unused = dense, unused

        def forward(self, images):
            return self.dense(images)

    model = pad_evenly(Part(), 8)
    assert model.dense is dense and model.unused is unused
