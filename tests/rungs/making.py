"""What several files of tests build: models on a small backbone, and batches to give them."""

import torch
from torch import Tensor, nn

from pipeline.data.batches import Batch
from pipeline.rungs.saved_model import ModelSpec, build_model

BACKBONE = "mobilenetv3_small_050"
SIZES = {"ssd_4x4": 128, "ssd_189": 128}  # a 4x4 grid; the others take 64
CLASSES = ["cat", "dog", "owl"]
PARAMS = {
    "form": "ours",
    "dropout": 0.1,
    "class_weight": 20.0,
    "match_iou": 0.4,
    "box_weight": 10.0,
    "focal_gamma": 0.0,
    "channels": 16,
    "anchor_scale": 4.0,
}
_OPTIONS = {"ssd_fpn": ("dropout", "channels", "anchor_scale")}


def spec_of(rung: str, **params) -> ModelSpec:
    return ModelSpec(
        rung=rung,
        backbone=BACKBONE,
        image_size=SIZES.get(rung, 64),
        classes=CLASSES,
        mean=(0.5, 0.4, 0.3),
        std=(0.25, 0.2, 0.1),
        options={name: (PARAMS | params)[name] for name in _OPTIONS.get(rung, ("form", "dropout"))},
        params={rung: PARAMS | params},
    )


def model_of(rung: str, **params) -> nn.Module:
    torch.manual_seed(3)
    return build_model(spec_of(rung, **params))


def batch_of(size: int, boxes: list[list], labels: list[list], ignore: list[list]) -> Batch:
    """Return a batch of noise with these objects; boxes are shares of the side."""
    generator = torch.Generator().manual_seed(1)
    return Batch(
        images=torch.randn(len(boxes), 3, size, size, generator=generator),
        boxes=torch.tensor(boxes).float() * size,
        labels=torch.tensor(labels),
        ignore=torch.tensor(ignore),
        photo=torch.arange(len(boxes)),
    )


def objects_batch(size: int) -> Batch:
    """Return three photos: two objects, none, and one that is marked `ignore`."""
    first, second, none = [0.1, 0.1, 0.6, 0.7], [0.5, 0.4, 0.8, 0.9], [0.0] * 4
    return batch_of(
        size,
        [[first, second], [none, none], [second, none]],
        [[0, 2], [-1, -1], [1, -1]],
        [[False, False], [False, False], [True, False]],
    )


def largest_batch(size: int) -> Batch:
    """Return three photos with a largest object, the last of which is hardly to be seen."""
    box = [[0.25, 0.5, 0.75, 1.0]]
    return batch_of(size, [box] * 3, [[0], [2], [1]], [[False], [False], [True]])


def scalar(losses: dict[str, Tensor]) -> dict[str, float]:
    return {name: float(value.detach()) for name, value in losses.items()}


def all_learn(model: nn.Module) -> bool:
    """Say whether every weight has a finite gradient; timm's `conv_head` belongs to no rung."""
    learning = [p for name, p in model.named_parameters() if "conv_head" not in name]
    return all(p.grad is not None and p.grad.isfinite().all() for p in learning)
