"""Heads for one object: shapes, ranges, and numbers that follow from biases set by hand."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pipeline.models.backbone import Backbone
from pipeline.models.heads import (
    BoxHead,
    ClassifierHead,
    CombinedHead,
    LargestObjectModel,
    WideLinear,
)

CHANNELS, SIDE, CLASSES, PIXELS = 8, 3, 5, 96


def heads(dropout=0.0):
    return {
        "classifier": ClassifierHead(CHANNELS, CLASSES, dropout),
        "bbox": BoxHead(CHANNELS, SIDE, dropout),
        "combined": CombinedHead(CHANNELS, SIDE, CLASSES, dropout),
    }


SHAPES = {
    "classifier": {"cls_logits": (2, CLASSES)},
    "bbox": {"boxes": (2, 4)},
    "combined": {"boxes": (2, 4), "cls_logits": (2, CLASSES)},
}


def features(scale=1.0):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, CHANNELS, SIDE, SIDE, generator=generator) * scale


def last_layer(layers, bias):
    """Make layers say their last bias, whatever they are shown."""
    layer = layers[-1]
    nn.init.zeros_(layer.weight)
    layer.bias.data = torch.tensor(bias)


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    outputs = heads()[name](features(), PIXELS)
    assert {key: tuple(value.shape) for key, value in outputs.items()} == SHAPES[name]


def test_classifier_sees_the_mean_of_each_channel():
    head = heads()["classifier"]
    maps = features()
    expected = head.layers[-1](maps.mean((2, 3)))
    assert_close(head(maps, PIXELS)["cls_logits"], expected)


@pytest.mark.parametrize("name", ["bbox", "combined"])
def test_boxes_stay_in_the_input(name):
    boxes = heads()[name](features(1000), PIXELS)["boxes"]
    assert boxes.min() >= 0
    assert boxes.max() <= PIXELS
    assert boxes.max() > PIXELS / 2  # and use it
    assert boxes.min() < PIXELS / 2


def test_box_head_by_hand():
    head = heads()["bbox"]
    last_layer(head.layers, [0.0, -100.0, 100.0, 0.0])
    assert_close(head(features(), 96)["boxes"], torch.tensor([[48.0, 0, 96, 48]]).expand(2, 4))
    assert_close(head(features(), 10)["boxes"], torch.tensor([[5.0, 0, 10, 5]]).expand(2, 4))


def test_combined_head_by_hand():
    head = heads()["combined"]
    last_layer(head.box, [0.0, -100.0, 100.0, 0.0])
    last_layer(head.cls.layers, [1.0, 2.0, 3.0, 4.0, 5.0])
    outputs = head(features(), 96)
    assert_close(outputs["boxes"][0], torch.tensor([48.0, 0, 96, 48]))
    assert_close(outputs["cls_logits"][0], torch.tensor([1.0, 2, 3, 4, 5]))


def test_classifier_does_not_care_where_and_the_boxes_do():
    maps = features()
    moved = maps.roll(1, -1)
    for name in SHAPES:
        head = heads()[name].eval()
        before, after = head(maps, PIXELS), head(moved, PIXELS)
        for key in before:
            same = torch.allclose(before[key], after[key], atol=1e-5)
            assert same is (key == "cls_logits"), (name, key)


@pytest.mark.parametrize("name", SHAPES)
def test_dropout_is_the_one_asked_for(name):
    layers = [m for m in heads(0.3)[name].modules() if isinstance(m, nn.Dropout)]
    assert layers
    assert {layer.p for layer in layers} == {0.3}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("size", [64, 96])
def test_model_is_backbone_and_head(name, size):
    backbone = Backbone("mobilenetv3_small_050")
    channels, side = backbone.num_features, size // 32
    head = {
        "classifier": lambda: ClassifierHead(channels, CLASSES, 0.0),
        "bbox": lambda: BoxHead(channels, side, 0.0),
        "combined": lambda: CombinedHead(channels, side, CLASSES, 0.0),
    }[name]()
    model = LargestObjectModel(backbone, head).eval()
    images = torch.rand(2, 3, size, size)
    outputs = model(images)
    assert {key: tuple(value.shape) for key, value in outputs.items()} == SHAPES[name]
    expected = head(backbone(images), size)
    for key, value in outputs.items():
        assert_close(value, expected[key])


@pytest.mark.parametrize("name", SHAPES)
def test_every_parameter_learns(name):
    head = heads()[name]
    outputs = head(features(), PIXELS)
    sum(value.square().sum() for value in outputs.values()).backward()
    assert [n for n, p in head.named_parameters() if p.grad is None] == []


def test_wide_layer_by_hand():
    layer = WideLinear(4, 2)
    layer.weight.data = torch.tensor([[2.0, 4, 6, 8], [1, 0, 0, -1]])
    layer.bias.data = torch.tensor([0.5, -1])
    inputs = torch.tensor([[0.0, 0, 0, 0], [1, 1, 1, 1], [4, 0, 0, 2]])
    assert_close(layer(inputs), torch.tensor([[0.5, -1], [10.5, -1], [12.5, 0]]))
    assert layer(torch.zeros(0, 4)).shape == (0, 2)


@pytest.mark.parametrize("width", [1, 7, 1000])
def test_wide_layer_is_a_plain_one_with_smaller_weights(width):
    wide, plain = WideLinear(width, 3), nn.Linear(width, 3)
    plain.weight.data = wide.weight.data / width**0.5
    plain.bias.data = wide.bias.data = torch.tensor([1.0, 2, 3])
    inputs = torch.randn(5, width)
    assert_close(wide(inputs), plain(inputs))
    assert wide.state_dict().keys() == plain.state_dict().keys()


@pytest.mark.parametrize("width", [10, 5000])
def test_wide_layer_starts_with_outputs_of_unit_variance(width):
    torch.manual_seed(0)
    layer = WideLinear(width, 400)
    assert layer.bias.eq(0).all()
    assert layer.weight.std().item() == pytest.approx(1, rel=0.05)
    assert layer(torch.randn(100, width)).var().item() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("width", [100, 10_000])
def test_a_step_of_adam_moves_the_outputs_of_wide_layers_by_its_root(width):
    # A plain layer's output would move by rate times width.
    layer, inputs = WideLinear(width, 1), torch.ones(1, width)
    before = layer(inputs)
    before.sum().backward()
    torch.optim.Adam([layer.weight], 0.01).step()
    assert (before - layer(inputs)).item() == pytest.approx(0.01 * width**0.5, rel=1e-2)


def test_the_box_head_has_a_wide_layer():
    assert isinstance(heads()["bbox"].layers[-1], WideLinear)


@pytest.mark.parametrize("build", [lambda: BoxHead(8, 4, 0.0), lambda: CombinedHead(8, 4, 3, 0.0)])
def test_boxes_are_finer_than_bfloat16(build):
    head, features = build().eval(), torch.rand(64, 8, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        boxes = head(features, 224)["boxes"]
    assert boxes.dtype == torch.float32
    assert not torch.equal(boxes, boxes.bfloat16().float())
