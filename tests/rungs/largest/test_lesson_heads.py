"""The lesson's heads: their layers in its order, and numbers that follow from biases by hand."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pipeline.rungs.largest.lesson_heads import (
    LessonBoxHead,
    LessonClassifierHead,
    LessonCombinedHead,
)

CHANNELS, SIDE, CLASSES = 8, 3, 5


def features():
    return torch.randn(2, CHANNELS, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def kinds(layers):
    return [type(layer) for layer in layers]


def test_classifier_has_fastais_layers():
    head = LessonClassifierHead(CHANNELS, CLASSES, 0.5)
    block = [nn.BatchNorm1d, nn.Dropout, nn.Linear]
    assert kinds(head.layers) == [*block, nn.ReLU, *block]
    assert [layer.p for layer in head.layers if isinstance(layer, nn.Dropout)] == [0.25, 0.5]
    assert head(features(), 96)["cls_logits"].shape == (2, CLASSES)


def test_classifier_sees_maximum_and_mean():
    head, seen = LessonClassifierHead(2, CLASSES, 0.0), []
    head.layers = nn.Sequential(nn.Identity())
    head.layers.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    head(torch.tensor([[[[1.0, 3.0]], [[-4.0, 0.0]]]]), 64)
    assert_close(seen[0], torch.tensor([[3.0, 0.0, 2.0, -2.0]]))


def test_box_head_says_pixels_without_bounds():
    head = LessonBoxHead(CHANNELS, SIDE)
    nn.init.zeros_(head.layers[-1].weight)
    head.layers[-1].bias.data = torch.tensor([-5.0, 0, 400, 7])
    assert_close(head(features(), 96)["boxes"][1], torch.tensor([-5.0, 0, 400, 7]))


def test_combined_head_by_hand():
    head = LessonCombinedHead(CHANNELS, SIDE, CLASSES, 0.5)
    layers = [nn.Flatten, nn.ReLU, nn.Dropout, nn.Linear, nn.ReLU, nn.BatchNorm1d, nn.Dropout]
    assert kinds(head.layers) == layers
    nn.init.zeros_(head.last.weight)
    head.last.bias.data = torch.tensor([0.0, -100, 100, 0, 1, 2, 3, 4, 5])
    outputs = head(features(), 96)
    assert_close(outputs["boxes"][0], torch.tensor([48.0, 0, 96, 48]))
    assert_close(outputs["cls_logits"][0], torch.tensor([1.0, 2, 3, 4, 5]))


@pytest.mark.parametrize(
    "head",
    [
        LessonClassifierHead(CHANNELS, CLASSES, 0.5),
        LessonBoxHead(CHANNELS, SIDE),
        LessonCombinedHead(CHANNELS, SIDE, CLASSES, 0.5),
    ],
)
def test_every_parameter_learns(head):
    outputs = head(features(), 96)
    sum(value.square().sum() for value in outputs.values()).backward()
    assert [name for name, p in head.named_parameters() if p.grad is None] == []
