"""Which layer reads what another returns, seen in a forward pass."""

import pytest
import torch
from torch import nn

from pipeline.inference.layer_pairs import layer_pairs


def conv() -> nn.Conv2d:
    return nn.Conv2d(3, 3, 1)


def test_in_the_order_of_the_layers():
    model = nn.Sequential(conv(), nn.ReLU(), conv(), nn.Tanh(), nn.ReLU6())
    assert layer_pairs(model, 4, nn.Conv2d, nn.ReLU) == [("0", "1")]
    assert layer_pairs(model, 4, nn.Conv2d, (nn.ReLU, nn.Tanh, nn.ReLU6)) == [
        ("0", "1"),
        ("2", "3"),
    ]


@pytest.mark.parametrize("inplace", [True, False])
def test_a_layer_that_writes_in_place_has_read_what_was_there_before(inplace):
    model = nn.Sequential(conv(), nn.ReLU(inplace), nn.BatchNorm2d(3)).eval()
    assert layer_pairs(model, 4, nn.Conv2d, nn.ReLU) == [("0", "1")]
    assert layer_pairs(model, 4, nn.Conv2d, nn.BatchNorm2d) == []


def test_what_does_nothing_between_them_is_passed_over():
    model = nn.Sequential(conv(), nn.Sequential(nn.Identity(), nn.ReLU()))
    assert layer_pairs(model, 4, nn.Conv2d, nn.ReLU) == [("0", "1.1")]


class _ReadTwice(nn.Module):
    """What a convolution returns is also added, copied, read by a second layer, or returned."""

    def __init__(self, other: str):
        super().__init__()
        self.conv, self.act, self.second, self.other = conv(), nn.ReLU(), nn.ReLU(), other

    def forward(self, images):
        found = self.conv(images)
        match self.other:
            case "nothing":
                return self.act(found)
            case "sum":
                return self.act(found) + found
            case "copy":
                copied = found.clone()
                return self.act(found) * copied
            case "layer":
                return self.act(found) + self.second(found)
            case "output":
                return {"maps": [self.act(found), found]}


@pytest.mark.parametrize("other", ["sum", "copy", "layer", "output"])
def test_what_something_else_also_reads_is_left_out(other):
    assert layer_pairs(_ReadTwice("nothing"), 4, nn.Conv2d, nn.ReLU) == [("conv", "act")]
    assert layer_pairs(_ReadTwice(other), 4, nn.Conv2d, nn.ReLU) == []


class _Branches(nn.Module):
    """The second of two activations reads a sum, and the convolution of the third runs twice."""

    def __init__(self):
        super().__init__()
        self.first, self.twice = conv(), conv()
        self.one, self.two, self.three = nn.ReLU(), nn.ReLU(), nn.ReLU()

    def forward(self, images):
        found = self.first(images)
        summed = self.one(found) + self.two(images + 1)
        return self.three(self.twice(self.twice(summed)))


def test_sums_and_layers_that_run_twice():
    assert layer_pairs(_Branches(), 4, nn.Conv2d, nn.ReLU) == [("first", "one")]


def test_nothing_is_left_hanging_on_the_layers():
    model = nn.Sequential(conv(), nn.ReLU())
    layer_pairs(model, 4, nn.Conv2d, nn.ReLU)
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in model.modules())


def test_gradients_stay_possible():
    model = nn.Sequential(conv(), nn.ReLU())
    layer_pairs(model, 4, nn.Conv2d, nn.ReLU)
    assert model(torch.ones(1, 3, 4, 4)).requires_grad
