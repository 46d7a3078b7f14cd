"""A forward pass of a model in evaluation mode: prepared for inference, or as trained."""

import copy

from benchmarks.topic import Case, Setting, Topic

PHOTOS, SIDE = 32, 320


def models(side: int = SIDE):
    """Return `ssd_fpn` as trained, the same prepared for inference, and images for both."""
    import torch

    from benchmarks.train_step import model_of
    from pipeline.inference.prepare import prepare_for_inference

    learnt = model_of("ssd_fpn", side).eval()
    prepared = prepare_for_inference(copy.deepcopy(learnt), side)
    images = torch.randn(PHOTOS, 3, side, side).to(memory_format=torch.channels_last)
    return learnt, prepared, images


def forward(model, images, precision: str):
    """Return the outputs of one pass."""
    import torch

    from pipeline.models.precision import autocast

    with torch.no_grad(), autocast(images.device, precision):
        return model(images)


def _setting(precision: str) -> Setting:
    def cases() -> list[Case]:
        from pipeline.memory import keep_freed_memory

        keep_freed_memory()
        learnt, prepared, images = models()
        return [
            Case("batch norms folded", "ours", lambda: forward(prepared, images, precision)),
            Case("as it learnt", "peer", lambda: forward(learnt, images, precision)),
        ]

    return Setting(precision, PHOTOS, "photos", cases)


TOPIC = Topic(
    "A forward pass of ssd_fpn, 32 photos of 320 px",
    tuple(_setting(precision) for precision in ("float32", "bfloat16")),
    "Batch norms become part of the convolutions before them (`pipeline/inference/prepare.py`). In "
    "float32 both give the same logits and boxes but for rounding "
    "(`tests/benchmarks/test_forward.py`).",
)
