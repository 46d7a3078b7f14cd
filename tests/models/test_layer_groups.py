"""Layer groups: every parameter is in one, and a frozen group does not change at all."""

import pytest
import torch
from torch import nn

from pipeline.models.backbone import Backbone
from pipeline.models.layer_groups import GROUPS, LayerGroups
from pipeline.rungs.largest.heads import ClassifierHead, CombinedHead
from pipeline.rungs.largest.model import LargestObjectModel
from pipeline.rungs.ssd.model import GridSsd, PyramidSsd

EARLY = {
    "resnet18": ("net.conv1.", "net.bn1.", "net.layer1.", "net.layer2."),
    "mobilenetv3_small_050": ("net.conv_stem.", "net.bn1.", "net.blocks.0.", "net.blocks.1."),
    "tf_efficientnet_lite0": (
        "net.conv_stem.",
        "net.bn1.",
        *(f"net.blocks.{number}." for number in range(3)),
    ),
}
PHASES = [("head",), ("head", "late"), ("head", "late", "early")]


def classifier(name):
    backbone = Backbone(name)
    return LargestObjectModel(backbone, ClassifierHead(backbone.num_features, 3, 0.0))


def group_of(name, backbone):
    if not name.startswith("backbone."):
        return "head"
    return "early" if name.removeprefix("backbone.").startswith(EARLY[backbone]) else "late"


@pytest.mark.parametrize("name", EARLY)
def test_groups_are_whole_and_disjoint(name):
    model = classifier(name)
    groups = LayerGroups(model, model.backbone).parameters
    assert set(groups) == set(GROUPS)
    ids = {group: {id(p) for p in parameters} for group, parameters in groups.items()}
    assert sum(len(parameters) for parameters in groups.values()) == len(set().union(*ids.values()))
    for key, parameter in model.named_parameters():
        assert id(parameter) in ids[group_of(key, name)], key
    assert all(ids.values())


def ssd_pyramid(name):
    return PyramidSsd(Backbone(name), 64, 3, 16, 4.0, 0.0)


def ssd_lesson(name):
    return GridSsd(Backbone(name), 128, 3, [4, 2, 1], [1.0], [(1.0, 1.0)], -4.0, 0.1, 0.1, True)


@pytest.mark.parametrize("build", [ssd_pyramid, ssd_lesson])
def test_everything_that_is_not_backbone_is_head(build):
    model = build("mobilenetv3_small_050")
    head = {id(p) for p in LayerGroups(model, model.backbone).parameters["head"]}
    body = {id(p) for p in model.backbone.parameters()}
    assert head == {id(p) for p in model.parameters()} - body


def step(model):
    """Let everything that is trainable take a large step, with decay, on random images."""
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=0.1, weight_decay=0.1)
    outputs = model(torch.rand(4, 3, 64, 64))
    sum((value**2).mean() for value in outputs.values()).backward()
    optimizer.step()


def changed(model, before):
    return {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}


@pytest.mark.parametrize("names", PHASES)
@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0"])
def test_frozen_groups_keep_parameters_and_statistics(name, names):
    model = classifier(name)
    for layer in model.modules():  # timm starts some of these at 0, which stops the gradient
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
    LayerGroups(model, model.backbone).thaw(names)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    step(model)
    moved = changed(model, before)
    for key in before:
        learns = group_of(key, name) in names
        assert (key in moved) is learns, key  # weights, running means and variances, counts


@pytest.mark.parametrize("names", PHASES)
def test_only_thawed_parameters_ask_for_gradients(names):
    model = classifier("resnet18")
    groups = LayerGroups(model, model.backbone)
    groups.thaw(names)
    for group, parameters in groups.parameters.items():
        assert {p.requires_grad for p in parameters} == {group in names}


def test_thawing_comes_and_goes():
    model = classifier("resnet18")
    groups = LayerGroups(model, model.backbone)
    groups.thaw(("head",))
    assert not any(m.training for m in model.backbone.modules())
    groups.thaw(GROUPS)
    assert all(m.training for m in model.modules())
    groups.thaw(("head", "late"))
    model.eval()  # as after a pass over val
    groups.thaw(("head", "late"))
    assert model.head.training
    assert model.backbone.net.layer3.training
    assert not model.backbone.net.layer2[0].bn1.training


def test_head_trains_with_dropout_while_the_backbone_is_frozen():
    backbone = Backbone("mobilenetv3_small_050")
    model = LargestObjectModel(backbone, CombinedHead(backbone.num_features, 3, 0.5))
    LayerGroups(model, model.backbone).thaw(("head",))
    layers = [m for m in model.head.modules() if isinstance(m, nn.Dropout2d)]
    assert [layer.p for layer in layers] == [0.5, 0.5]
    assert all(layer.training for layer in layers)
