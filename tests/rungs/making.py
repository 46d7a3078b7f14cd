"""Shared by several tests: models on a small backbone, and batches for them."""

import torch
from torch import Tensor, nn

from pipeline.data.batches import Batch
from pipeline.params.params import load_params
from pipeline.params.train import RungParams
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.registry import find_rung
from pipeline.rungs.rung import RungModel
from pipeline.rungs.saved_model import build_model
from tests.conftest import ROOT

BACKBONE = "mobilenetv3_small_050"
SIDE = 128  # a grid of 4 x 4 needs as much
CLASSES = ["cat", "dog", "owl"]
_DEMO = load_params(ROOT / "params.yaml")


def params_of(rung: str, **changes) -> RungParams:
    """Return the demo's parameters of a rung, with these changes."""
    return _DEMO.rung(rung).model_copy(update={"image_size": SIDE} | changes)


def spec_of(rung: str, **changes) -> ModelSpec:
    params = params_of(rung, **changes)
    return ModelSpec(
        rung=rung,
        backbone=BACKBONE,
        task=find_rung(rung).task.value,
        image_size=SIDE,
        classes=CLASSES,
        mean=(0.5, 0.4, 0.3),
        std=(0.25, 0.2, 0.1),
        precision="float32",
        processor="abacus",
        options=find_rung(rung).options(params),
        params={rung: params.model_dump(mode="json")},
    )


def model_of(rung: str, **changes) -> RungModel:
    torch.manual_seed(3)
    return build_model(spec_of(rung, **changes))


def example_batch(rung: str, size: int = SIDE) -> Batch:
    """Return photos with the objects that this rung is trained on."""
    return objects_batch(size) if find_rung(rung).task.every_object else largest_batch(size)


def batch_of(size: int, boxes: list[list], labels: list[list], ignore: list[list]) -> Batch:
    """Return a batch of noise with these objects; boxes are shares of the side."""
    generator = torch.Generator().manual_seed(1)
    return Batch(
        images=torch.randn(len(boxes), 3, size, size, generator=generator),
        boxes=torch.tensor(boxes).float() * size,
        labels=torch.tensor(labels),
        ignore=torch.tensor(ignore),
        weights=torch.ones(len(boxes), len(boxes[0])),
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
    """Return three photos with a largest object, the last of which is hardly visible."""
    box = [[0.25, 0.5, 0.75, 1.0]]
    return batch_of(size, [box] * 3, [[0], [2], [1]], [[False], [False], [True]])


def scalar(losses: dict[str, Tensor]) -> dict[str, float]:
    return {name: float(value.detach()) for name, value in losses.items()}


def all_learn(model: nn.Module) -> bool:
    """Return whether every weight has a finite gradient; timm's `conv_head` belongs to no rung."""
    learning = [p for name, p in model.named_parameters() if "conv_head" not in name]
    return all(p.grad is not None and p.grad.isfinite().all() for p in learning)
