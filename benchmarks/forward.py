"""A forward pass of a model in evaluation mode: as it labels, or as trained."""

import copy

from benchmarks.topic import Case, Setting, Topic

PHOTOS, SIDE = 32, 320


def models(side: int = SIDE):
    """Return `ssd_fpn` as trained, with folded batch norms, as it labels, and images for all."""
    import torch

    from benchmarks.label import random_model
    from pipeline.inference.engines.torch_engine import TorchEngine
    from pipeline.inference.prepare import prepare_for_inference

    learnt, spec = random_model(side)
    folded = prepare_for_inference(copy.deepcopy(learnt), side)
    labels = TorchEngine(copy.deepcopy(learnt), spec).network.model
    images = torch.randn(PHOTOS, 3, side, side).to(memory_format=torch.channels_last)
    return learnt, folded, labels, images


def forward(model, images, precision: str):
    """Return the outputs of one pass."""
    import torch

    from pipeline.models.precision import autocast

    with torch.inference_mode(), autocast(images.device, precision):
        return model(images)


def _setting(precision: str) -> Setting:
    def cases() -> list[Case]:
        from pipeline.memory import keep_freed_memory

        keep_freed_memory()
        learnt, folded, labels, images = models()
        return [
            Case("as it labels", "ours", lambda: forward(labels, images, precision)),
            Case("as it learnt", "peer", lambda: forward(learnt, images, precision)),
            Case("batch norms folded, no more", "peer", lambda: forward(folded, images, precision)),
        ]

    return Setting(precision, PHOTOS, "photos", cases)


TOPIC = Topic(
    "A forward pass of ssd_fpn, 32 photos of 320 px",
    tuple(_setting(precision) for precision in ("float32", "bfloat16")),
    "Batch norms become part of the convolutions before them (`pipeline/inference/prepare.py`). To "
    "label on a CPU, depthwise convolutions also pad evenly (`even_padding.py`) and convolutions "
    "apply their activations (`fused_activations.py`). In float32 all give the same logits and "
    "boxes but for rounding (`tests/benchmarks/test_forward.py`).",
)
