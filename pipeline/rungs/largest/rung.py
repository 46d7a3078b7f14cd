"""Step 8: the rungs for the largest object: what, where, both."""

from typing import Any

import torch
from torch import Tensor, nn

from pipeline.boxes import LESSON_SIDE
from pipeline.data.batches import Batch
from pipeline.models.backbone import Backbone
from pipeline.rungs.largest.criterion import box_loss, class_loss
from pipeline.rungs.largest.heads import BoxHead, ClassifierHead, CombinedHead, LargestObjectModel
from pipeline.rungs.largest.lesson_heads import (
    LessonBoxHead,
    LessonClassifierHead,
    LessonCombinedHead,
)


class LargestFamily:
    """Builds, trains and decodes `classifier`, `bbox` and `combined`."""

    def __init__(self, name: str):
        self.name = name

    def head_options(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return what of the rung's parameters its model must remember to be rebuilt."""
        return {"form": params["form"], "dropout": params["dropout"]}

    def build(
        self, backbone: Backbone, image_size: int, num_classes: int, options: dict[str, Any]
    ) -> nn.Module:
        """Return the rung's model on top of a backbone."""
        channels, dropout = backbone.num_features, options["dropout"]
        if options["form"] == "lesson":
            head = self._lesson_head(channels, -(-image_size // 32), num_classes, dropout)
        else:
            head = self._head(channels, num_classes, dropout)
        return LargestObjectModel(backbone, head)

    def _head(self, channels: int, num_classes: int, dropout: float) -> nn.Module:
        if self.name == "classifier":
            return ClassifierHead(channels, num_classes, dropout)
        if self.name == "bbox":
            return BoxHead(channels, dropout)
        return CombinedHead(channels, num_classes, dropout)

    def _lesson_head(self, channels: int, side: int, num_classes: int, dropout: float) -> nn.Module:
        if self.name == "classifier":
            return LessonClassifierHead(channels, num_classes, dropout)
        if self.name == "bbox":
            return LessonBoxHead(channels, side)
        return LessonCombinedHead(channels, side, num_classes, dropout)

    def losses(self, model: nn.Module, params: dict[str, Any]):
        """Return the function from outputs and batch to `loss` and its parts."""
        weight = params.get("class_weight", 1.0)

        def of_batch(outputs: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
            labels = batch.labels[:, 0]
            asked = (labels >= 0) & ~batch.ignore[:, 0]
            parts = {}
            if "boxes" in outputs:
                distance = box_loss(outputs["boxes"].float(), batch.boxes[:, 0], asked)
                parts["l1_px"] = distance * (LESSON_SIDE / batch.images.shape[-1])
            if "cls_logits" in outputs:
                parts["class_loss"] = class_loss(outputs["cls_logits"].float(), labels, asked)
            total = parts.get("l1_px", 0) + weight * parts.get("class_loss", 0)
            return {"loss": total, **parts}

        return of_batch

    def detect(self, outputs: dict[str, Tensor], **_: Any) -> list[dict[str, Tensor]]:
        """Return one detection a photo: `labels` `(1,)` (-1: none), `scores`, `boxes` `(1, 4)`."""
        known = next(iter(outputs.values()))
        labels = torch.full((len(known),), -1)
        scores = torch.ones(len(known))
        boxes = torch.full((len(known), 4), torch.nan)
        if "cls_logits" in outputs:
            scores, labels = outputs["cls_logits"].float().softmax(1).max(1)
        if "boxes" in outputs:
            boxes = outputs["boxes"].float()
        parts = zip(labels.cpu(), scores.cpu(), boxes.cpu(), strict=True)
        return [{"labels": la[None], "scores": sc[None], "boxes": bo[None]} for la, sc, bo in parts]
