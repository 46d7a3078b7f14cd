"""Torchvision's SSDlite on our photos: what it is given, that it learns, and how it is scored."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from benchmarks.ssdlite import SIZE, mean_average_precision, ssdlite, step, targets_of
from pipeline.models.backbone import Backbone
from pipeline.models.layer_groups import LayerGroups
from pipeline.train.schedule import THAWED
from tests.rungs.making import BACKBONE, objects_batch


def test_targets_are_what_is_to_be_found():
    batch = objects_batch(SIZE)  # two objects, none, one that is ignored
    first, none, ignored = targets_of(batch)
    assert first["labels"].tolist() == [1, 3]  # 0 is the background
    assert torch.equal(first["boxes"], batch.boxes[0])
    assert not len(none["labels"]) and not len(ignored["labels"])
    flat = replace(batch, boxes=batch.boxes.clone())
    flat.boxes[0, 0, 2] = flat.boxes[0, 0, 0]
    assert targets_of(flat)[0]["labels"].tolist() == [3]


def test_it_learns_with_the_early_layers_frozen():
    torch.manual_seed(0)
    model, batch = ssdlite(Backbone(BACKBONE), 3), objects_batch(SIZE)
    layers = LayerGroups(model, model.backbone)
    layers.thaw(THAWED["late"])
    early = [p.clone() for p in layers.parameters["early"]]
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learning, 0.01, momentum=0.9)
    losses = [step(model, batch, optimizer) for _ in range(8)]
    assert losses[-1] < losses[0]
    assert all(map(torch.equal, early, layers.parameters["early"]))
    assert early and all(p.grad is not None for p in learning)


class Seer(nn.Module):
    """Finds every object of a batch, the ignored one too, and what is `more`."""

    def __init__(self, batch, more=()):
        super().__init__()
        self.batch, self.more = batch, more

    def forward(self, images):
        found = []
        for boxes, labels in zip(self.batch.boxes, self.batch.labels, strict=True):
            there = labels >= 0
            scores = torch.full((int(there.sum()),), 0.9)
            found.append({"boxes": boxes[there], "labels": labels[there] + 1, "scores": scores})
        for photo, box, label, score in self.more:
            row = {"boxes": [box], "labels": [label + 1], "scores": [score]}
            found[photo] = {
                k: torch.cat([found[photo][k], torch.tensor(v)]) for k, v in row.items()
            }
        return found


def test_map_by_hand():
    batch = objects_batch(SIZE)
    assert mean_average_precision(Seer(batch), [batch], 3) == 1.0
    surer_and_wrong = [(1, [0.0, 0.0, 9.0, 9.0], 0, 0.95)]
    got = mean_average_precision(Seer(batch, surer_and_wrong), [batch], 3)
    assert got == pytest.approx((1 / 2 + 1) / 2)  # class 0 behind a wrong one; class 2; none of 1
