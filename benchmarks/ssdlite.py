"""`python -m benchmarks.ssdlite`: the mAP of torchvision's SSDlite on the project's own photos.

No weights of ssdlite320 were available. So its extra layers, head, anchors, matching and loss, as
torchvision builds them, are trained here on the ladder's backbone with its ImageNet weights, at 320
pixels, on batches like those of `ssd_fpn`, with the same layers thawed, and measured on val. Run it
in a project that has run a profile; figures go to `benchmarks/results/ssdlite.json`.
"""

import argparse
import json
import time
from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD
from torchvision.models.detection.ssdlite import SSDLiteHead, _extra_block

from benchmarks.measure import machine
from pipeline.data.batches import Batch, Batches
from pipeline.data.inputs import Inputs, read_inputs
from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.voc_ap import voc_average_precision
from pipeline.files import PARAMS
from pipeline.memory import keep_freed_memory
from pipeline.models.backbone import Backbone, load_pretrained
from pipeline.models.layer_groups import LayerGroups
from pipeline.models.precision import autocast
from pipeline.params.params import Params, load_params
from pipeline.progress import progress
from pipeline.tasks import Task
from pipeline.train.loop import epoch_seed
from pipeline.train.schedule import THAWED

RESULT = Path("benchmarks/results/ssdlite.json")
SIZE = 320
# torchvision's references/detection: lr .15 for batches of 8 on 24 GPUs, by which ours is scaled.
RATE_PER_PHOTO, MOMENTUM, WEIGHT_DECAY = 0.15 / (8 * 24), 0.9, 4e-5
# torchvision's ssdlite320_mobilenet_v3_large.
EXTRA_CHANNELS = (512, 256, 256, 128)
NORM = partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)
DECODING = {"score_thresh": 0.01, "nms_thresh": 0.55, "topk_candidates": 300}


class SixMaps(nn.Module):
    """The backbone's maps at strides 16 and 32, and four coarser ones."""

    def __init__(self, backbone: Backbone):
        super().__init__()
        backbone.keep_pyramid()
        self.backbone = backbone
        widths = (backbone.pyramid_channels[-1], *EXTRA_CHANNELS)
        self.extra = nn.ModuleList(_extra_block(*pair, NORM) for pair in pairwise(widths))
        self.channels = [*backbone.pyramid_channels[1:], *EXTRA_CHANNELS]

    def forward(self, images: Tensor) -> "OrderedDict[str, Tensor]":
        """Return the maps, finest first, by number."""
        maps = self.backbone.pyramid(images)[1:]
        for block in self.extra:
            maps.append(block(maps[-1]))
        return OrderedDict((str(number), map_) for number, map_ in enumerate(maps))

    def early_modules(self) -> list[nn.Module]:
        """Return the modules up to stride 8."""
        return self.backbone.early_modules()


def ssdlite(backbone: Backbone, num_classes: int) -> SSD:
    """Return torchvision's SSDlite on a backbone; it takes normalised images."""
    maps = SixMaps(backbone)
    anchors = DefaultBoxGenerator([[2, 3] for _ in maps.channels], min_ratio=0.2, max_ratio=0.95)
    per_cell = anchors.num_anchors_per_location()
    head = SSDLiteHead(maps.channels, per_cell, num_classes + 1, NORM)
    as_they_are = {"image_mean": [0.0] * 3, "image_std": [1.0] * 3}
    size = (SIZE, SIZE)
    return SSD(maps, anchors, size, num_classes + 1, head=head, **as_they_are, **DECODING)


def batches_of(params: Params, backbone: Backbone, inputs: Inputs, split: str) -> Batches:
    """Return batches of a split, augmented for training as for `ssd_fpn`."""
    return Batches(
        inputs.photos(split),
        image_size=SIZE,
        batch_size=params.train.shared.batch_size,
        mean=backbone.mean,
        std=backbone.std,
        device=torch.device("cpu"),
        augment=params.train.ssd_fpn.augment if split == "train" else None,
    )


def targets_of(batch: Batch) -> list[dict[str, Tensor]]:
    """Return the objects of each photo as torchvision expects them: background is label 0."""
    sides = batch.boxes[..., 2:] - batch.boxes[..., :2]
    there = (batch.labels >= 0) & ~batch.ignore & (sides > 0).all(-1)
    return [
        {"boxes": boxes[keep], "labels": labels[keep] + 1}
        for boxes, labels, keep in zip(batch.boxes, batch.labels, there, strict=True)
    ]


def train(model: SSD, source: Batches, epochs: int, seed: int) -> float:
    """Train the model; return the minutes that it took."""
    layers = LayerGroups(model, model.backbone)
    layers.thaw(THAWED["late"])
    learning = [p for p in model.parameters() if p.requires_grad]
    rate = RATE_PER_PHOTO * source.batch_size
    optimizer = torch.optim.SGD(learning, rate, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(source))
    start = time.perf_counter()
    for epoch in range(epochs):
        batches = source.epoch(epoch_seed(seed, epoch))
        for batch in progress(batches, total=len(source), desc=f"epoch {epoch + 1}/{epochs}"):
            step(model, batch, optimizer)
            schedule.step()
    return (time.perf_counter() - start) / 60


def step(model: SSD, batch: Batch, optimizer: torch.optim.Optimizer) -> float:
    """Train on one batch and return its loss."""
    with autocast(batch.images.device, "auto"):
        losses = model(list(batch.images), targets_of(batch))
    loss = sum(losses.values())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.no_grad()
def mean_average_precision(model: SSD, batches: Iterable[Batch], num_classes: int) -> float:
    """Return VOC mAP at IoU .5; boxes of both sides are pixels of the squashed photos."""
    model.eval()
    truths, founds = [], []
    for batch in batches:
        there = batch.labels >= 0
        photo = batch.photo[:, None].expand_as(there)
        truths.append([x[there] for x in (photo, batch.boxes, batch.labels, batch.ignore)])
        for number, found in zip(batch.photo, model(list(batch.images)), strict=True):
            labels = found["labels"] - 1
            founds.append([number.expand_as(labels), found["boxes"], labels, found["scores"]])
    truth = Truth(*_columns(truths))
    return float(voc_average_precision(truth, Detections(*_columns(founds)), num_classes).mean_ap)


def _columns(parts: list[list[Tensor]]) -> list[np.ndarray]:
    return [torch.cat(column).numpy() for column in zip(*parts, strict=True)]


def main() -> None:
    """Train, score, print and save the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ssdlite", description=__doc__)
    parser.add_argument("--epochs", type=int, default=24, help="of training (%(default)s)")
    epochs = parser.parse_args().epochs
    keep_freed_memory()
    params = load_params(PARAMS)
    shared = params.train.shared
    torch.manual_seed(shared.seed)
    inputs = read_inputs(Task.DETECT)
    backbone = Backbone(shared.backbone)
    model = ssdlite(backbone, len(inputs.classes))
    load_pretrained(backbone, shared.weights)
    model = model.to(memory_format=torch.channels_last)
    source, val = (batches_of(params, backbone, inputs, split) for split in ("train", "val"))
    minutes = train(model, source, epochs, shared.seed)
    score = mean_average_precision(model, val.epoch(0), len(inputs.classes))
    result = {"epochs": epochs, "minutes": round(minutes, 1), "voc_map_50": round(score, 4)}
    RESULT.write_text(json.dumps({"machine": machine(), **result}, indent=2) + "\n")
    print(result)


if __name__ == "__main__":
    main()
