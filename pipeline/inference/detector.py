"""Step 8: images in, detections out, for every rung."""

import torch
from torch import Tensor, nn

from pipeline.models.folding import fold_batch_norms
from pipeline.models.precision import autocast
from pipeline.rungs.registry import find_rung
from pipeline.rungs.saved_model import ModelCard


def only_to_detect(model: nn.Module, card: ModelCard) -> nn.Module:
    """Return a model at rest, changed in place so that it is quicker and cannot learn any more."""
    side, device = card.image_size, next(model.parameters()).device
    return fold_batch_norms(model, torch.zeros(1, 3, side, side, device=device))


@torch.no_grad()
def detect(
    model: nn.Module,
    card: ModelCard,
    images: Tensor,
    *,
    score_threshold: float,
    nms_threshold: float,
    max_detections: int,
) -> list[dict[str, Tensor]]:
    """Return for each image `labels` `(K,)`, `scores` `(K,)` and `boxes` `(K, 4)`, on the CPU.

    Args:
        model: at rest.
        card: the model's.
        images: `(B, 3, S, S)` normalised, on the model's device; boxes are xyxy in their pixels.
        score_threshold: detections with this score or less are dropped; rungs of one object
            always say one.
        nms_threshold: of two boxes of a class with a higher IoU the lower-scored is dropped.
        max_detections: of one image.
    """
    with autocast(images.device, card.precision):
        outputs = model(images)
    return (
        find_rung(card.rung)
        .family()
        .detect(
            outputs,
            image_size=card.image_size,
            score_threshold=score_threshold,
            nms_threshold=nms_threshold,
            max_detections=max_detections,
        )
    )
