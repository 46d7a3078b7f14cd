"""The summary of a model: one row per layer that runs, and the model's totals."""

import pytest
import torch
from torch import nn

from pipeline.models.backbone import Backbone
from pipeline.models.layer_groups import LayerGroups
from pipeline.models.layer_table import summarize, summary_text
from pipeline.rungs.largest.heads import ClassifierHead
from pipeline.rungs.largest.model import LargestObjectModel
from pipeline.rungs.ssd.model import PyramidSsd


class Tiny(nn.Module):
    """Two convolutions, the second run twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.shared = nn.Conv2d(4, 4, 1, bias=False)
        self.act = nn.ReLU()
        self.idle = nn.Linear(7, 7)  # never runs

    def forward(self, images):
        return self.shared(self.act(self.shared(self.first(images))))


def classifier(name="resnet18"):
    backbone = Backbone(name)
    return LargestObjectModel(backbone, ClassifierHead(backbone.num_features, 3, 0.0))


def test_rows_by_hand():
    rows = summarize(Tiny(), 8)
    assert [row.name for row in rows] == ["first", "shared", "act", "shared"]
    assert [row.kind for row in rows] == ["Conv2d", "Conv2d", "ReLU", "Conv2d"]
    assert {row.output_shape for row in rows} == {(4, 4, 4)}
    assert [row.parameters for row in rows] == [3 * 4 * 9 + 4, 16, 0, 0]
    assert [row.trainable for row in rows] == [True, True, False, True]


@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0"])
def test_rows_add_up_to_the_model(name):
    model = classifier(name)
    total = sum(p.numel() for p in model.parameters())
    assert sum(row.parameters for row in summarize(model, 64)) == total
    last = summary_text(model, 64).splitlines()[-1]
    assert last == f"{total:,} parameters, {total:,} of them trainable"


def test_head_shared_by_five_levels_is_counted_once():
    model = PyramidSsd(Backbone("mobilenetv3_small_050"), 64, 3, 16, 4.0, 0.0)
    rows = [row for row in summarize(model, 64) if row.name == "cls"]
    assert [row.parameters for row in rows] == [16 * 3 * 9 + 3, 0, 0, 0, 0]
    assert [row.output_shape for row in rows] == [(3, n, n) for n in (8, 4, 2, 1, 1)]
    total = sum(p.numel() for p in model.parameters())
    own = model.level_scale.numel()  # belongs to no layer
    assert sum(row.parameters for row in summarize(model, 64)) + own == total


def test_layer_with_parameters_and_parts_has_one_row():
    # timm's batch norm has its activation inside.
    rows = summarize(classifier("tf_efficientnet_lite0"), 64)
    (stem,) = [row for row in rows if row.name.startswith("backbone.net.bn1")]
    assert (stem.kind, stem.parameters) == ("BatchNormAct2d", 64)
    assert stem.output_shape == (32, 32, 32)


def test_text_has_a_line_for_every_running_layer():
    model = Tiny()
    model.shared.requires_grad_(False)
    head, *lines, empty, total = summary_text(model, 8).splitlines()
    assert head.split() == ["layer", "kind", "output", "parameters", "trainable"]
    assert [line.split() for line in lines] == [
        ["first", "Conv2d", "4", "x", "4", "x", "4", "112", "yes"],
        ["shared", "Conv2d", "4", "x", "4", "x", "4", "16", "no"],
        ["act", "ReLU", "4", "x", "4", "x", "4", "0"],
        ["shared", "Conv2d", "4", "x", "4", "x", "4", "0"],
    ]
    assert empty == ""
    assert total == "184 parameters, 168 of them trainable"


def test_frozen_layers_are_told_apart():
    model = classifier()
    LayerGroups(model, model.backbone).thaw(("head",))
    learning = {row.name for row in summarize(model, 64) if row.trainable}
    assert learning == {"head.vote", "head.pooled"}
    assert summary_text(model, 64).splitlines()[-1].endswith(", 3,591 of them trainable")


def test_model_is_left_as_it_was():
    model = classifier()
    LayerGroups(model, model.backbone).thaw(("head", "late"))
    modes = {name: module.training for name, module in model.named_modules()}
    before = {key: value.clone() for key, value in model.state_dict().items()}
    summarize(model, 64)
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
