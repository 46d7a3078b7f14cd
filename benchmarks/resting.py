"""A forward pass of a model at rest: its layers folded and fused, or as they learnt."""

import copy

from benchmarks.topic import Case, Setting, Topic

PHOTOS, SIDE = 32, 320


def models(side: int = SIDE):
    """Return `ssd_fpn` as it learns, and the same as it detects, both at rest."""
    import torch

    from benchmarks.label import learnt_model
    from pipeline.inference.detector import prepare_for_inference

    learnt, card = learnt_model(side)
    resting = prepare_for_inference(copy.deepcopy(learnt), card)
    images = torch.randn(PHOTOS, 3, side, side).to(memory_format=torch.channels_last)
    return learnt, resting, images


def forward(model, images, precision: str):
    """Return the outputs of one pass."""
    import torch

    from pipeline.models.precision import autocast

    with torch.no_grad(), autocast(images.device, precision):
        return model(images)


def convolutions(model, images, precision: str) -> list[tuple]:
    """Return the convolutions of a pass in their order, each with what it reads."""
    from torch import nn

    from pipeline.models.fused_conv import FusedConv

    calls = []
    handles = [
        layer.register_forward_hook(lambda layer, inputs, _: calls.append((layer, *inputs)))
        for layer in model.modules()
        if isinstance(layer, nn.Conv2d | FusedConv)
    ]
    forward(model, images, precision)
    for handle in handles:
        handle.remove()
    return calls


def again(calls: list[tuple], precision: str) -> None:
    """Run every convolution once more."""
    import torch

    from pipeline.models.precision import autocast

    with torch.no_grad(), autocast(torch.device("cpu"), precision):
        for layer, inputs in calls:
            layer(inputs)


def _setting(precision: str) -> Setting:
    def cases() -> list[Case]:
        from pipeline.memory import keep_freed_memory

        keep_freed_memory()
        learnt, resting, images = models()
        calls = convolutions(resting, images, precision)
        return [
            Case("folded and fused", "ours", lambda: forward(resting, images, precision)),
            Case("as it learnt", "peer", lambda: forward(learnt, images, precision)),
            Case("its convolutions alone", "limit", lambda: again(calls, precision)),
        ]

    return Setting(precision, PHOTOS, "photos", cases)


TOPIC = Topic(
    "A forward pass of ssd_fpn at rest, 32 photos of 320 px",
    tuple(_setting(precision) for precision in ("float32", "bfloat16")),
    "Batch norms are part of the convolutions before them (`pipeline/models/folding.py`), activations and "
    "uneven paddings of the same operation (`pipeline/models/fused_conv.py`). In float32 both give the "
    "same logits and boxes but for rounding (`tests/benchmarks/test_resting.py`).",
)
