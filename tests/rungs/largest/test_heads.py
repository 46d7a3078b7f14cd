"""Heads for one object: shapes, ranges, and numbers that follow from biases set by hand."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from pipeline.models.backbone import Backbone
from pipeline.rungs.largest.heads import (
    BoxHead,
    ClassifierHead,
    CombinedHead,
)
from pipeline.rungs.largest.model import LargestObjectModel

CHANNELS, SIDE, CLASSES, PIXELS = 8, 3, 5, 96


def heads(dropout=0.0):
    return {
        "classifier": ClassifierHead(CHANNELS, CLASSES, dropout),
        "bbox": BoxHead(CHANNELS, dropout),
        "combined": CombinedHead(CHANNELS, CLASSES, dropout),
    }


SHAPES = {
    "classifier": {"cls_logits": (2, CLASSES)},
    "bbox": {"boxes": (2, 4)},
    "combined": {"boxes": (2, 4), "cls_logits": (2, CLASSES)},
}


def features(scale=1.0):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, CHANNELS, SIDE, SIDE, generator=generator) * scale


def says(layer, numbers):
    """Make a layer return these numbers for any input."""
    nn.init.zeros_(layer.weight)
    layer.bias.data = torch.tensor(numbers)


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    outputs = heads()[name](features(), PIXELS)
    assert {key: tuple(value.shape) for key, value in outputs.items()} == SHAPES[name]


def test_classifier_counts_the_cells_that_are_sure_of_a_class():
    # Two of nine cells for the first class, three for the second, four for none.
    head = ClassifierHead(3, 2, 0.0)
    says(head.pooled, [0.0, 0.0])
    says(head.vote, [0.0, 0.0, 0.0])
    head.vote.weight.data = 100 * torch.eye(3)[:, :, None, None]
    cells = torch.tensor([0, 0, 1, 1, 1, 2, 2, 2, 2])
    maps = nn.functional.one_hot(cells, 3).float().T.reshape(1, 3, 3, 3)
    cls_logits = head(maps, PIXELS)["cls_logits"]
    assert_close(cls_logits, torch.tensor([[2 / 9, 3 / 9]]).log(), rtol=0, atol=1e-3)


def test_classifier_adds_what_it_makes_of_the_mean_of_each_channel():
    head = heads()["classifier"]
    says(head.vote, [0.0] * (CLASSES + 1))
    maps = features()
    even = torch.tensor(1 / (CLASSES + 1) + 1e-4).log()
    assert_close(head(maps, PIXELS)["cls_logits"], head.pooled(maps.mean((2, 3))) + even)


def test_classifier_rules_no_class_out():
    head = heads()["classifier"]
    says(head.vote, [0.0] * CLASSES + [1e4])
    assert head(features(), PIXELS)["cls_logits"].isfinite().all()


@pytest.mark.parametrize("name", ["bbox", "combined"])
def test_boxes_stay_in_the_input(name):
    boxes = heads()[name](features(1000), PIXELS)["boxes"]
    assert boxes.min() >= 0
    assert boxes.max() <= PIXELS
    assert (boxes[:, :2] < boxes[:, 2:]).all()


def test_box_is_the_mean_of_what_the_cells_reach():
    # From centres at 1/6, 1/2 and 5/6, a reach of a half: edges 0, 0, 1/3 and 2/3, 1, 1.
    head = heads()["bbox"]
    says(head.last, [0.0, -100.0, 0.0, -100.0, 7.0])
    boxes = head(features(), 90)["boxes"]
    assert_close(boxes, torch.tensor([[10.0, 45, 80, 45]]).expand(2, 4))


def test_box_is_that_of_the_cell_which_is_worth_most():
    head = heads()["bbox"]
    head.layers = nn.Identity()
    head.last = nn.Conv2d(CHANNELS, 5, 1)
    says(head.last, [-2.1972246, -2.1972246, -2.1972246, -2.1972246, 0.0])  # a reach of a tenth
    head.last.weight.data[4, 0] = 1
    maps = torch.zeros(1, CHANNELS, SIDE, SIDE)
    maps[0, 0, 0, 2] = 1000  # first row, last column: centre 5/6, 1/6
    assert_close(head(maps, 30)["boxes"], torch.tensor([[22.0, 2, 28, 8]]))


@pytest.mark.parametrize("side", [1, 2, 5])
def test_box_head_takes_maps_of_any_size(side):
    boxes = heads()["bbox"](torch.randn(2, CHANNELS, side, side + 1), PIXELS)["boxes"]
    assert boxes.shape == (2, 4)


def test_combined_head_by_hand():
    head = heads()["combined"]
    says(head.box.last, [-100.0, -100.0, -100.0, -100.0, 0.0])
    says(head.cls.vote, [0.0] * (CLASSES + 1))
    says(head.cls.pooled, [1.0, 2.0, 3.0, 4.0, 5.0])
    outputs = head(features(), 96)
    assert_close(outputs["boxes"][0], torch.tensor([48.0, 48, 48, 48]))
    steps = outputs["cls_logits"][0].diff()  # the votes are even
    assert_close(steps, torch.ones(CLASSES - 1))


def test_classifier_does_not_care_where_and_the_boxes_do():
    maps = features()
    moved = maps.roll(1, -1)
    for name in SHAPES:
        head = heads()[name].eval()
        before, after = head(maps, PIXELS), head(moved, PIXELS)
        for key in before:
            same = torch.allclose(before[key], after[key], atol=1e-5)
            assert same is (key == "cls_logits"), (name, key)


@pytest.mark.parametrize("name", ["classifier", "bbox"])
def test_dropout_is_the_one_given(name):
    layers = [m for m in heads(0.3)[name].modules() if isinstance(m, nn.Dropout | nn.Dropout2d)]
    assert layers
    assert {layer.p for layer in layers} == {0.3}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("size", [64, 96])
def test_model_is_backbone_and_head(name, size):
    backbone = Backbone("mobilenetv3_small_050")
    channels = backbone.num_features
    head = {
        "classifier": lambda: ClassifierHead(channels, CLASSES, 0.0),
        "bbox": lambda: BoxHead(channels, 0.0),
        "combined": lambda: CombinedHead(channels, CLASSES, 0.0),
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


@pytest.mark.parametrize("build", [lambda: BoxHead(8, 0.0), lambda: CombinedHead(8, 3, 0.0)])
def test_boxes_are_finer_than_bfloat16(build):
    head, features = build().eval(), torch.rand(64, 8, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        boxes = head(features, 224)["boxes"]
    assert boxes.dtype == torch.float32
    assert not torch.equal(boxes, boxes.bfloat16().float())
