"""The rungs for the largest object: what it is, where it is, and both at once."""

from abc import abstractmethod
from typing import TypeVar

import torch
from torch import nn

from pipeline.models.backbone import Backbone
from pipeline.params.train import CombinedParams, LargestParams
from pipeline.rungs.largest.criterion import largest_object_losses
from pipeline.rungs.largest.heads import BoxHead, ClassifierHead, CombinedHead
from pipeline.rungs.largest.lesson_heads import (
    LessonBoxHead,
    LessonClassifierHead,
    LessonCombinedHead,
)
from pipeline.rungs.largest.model import LargestObjectModel
from pipeline.rungs.model_spec import Options
from pipeline.rungs.rung import (
    Criterion,
    HeadOptions,
    Outputs,
    PhotoDetections,
    Rung,
    checked_options,
)
from pipeline.tasks import Task

P = TypeVar("P", bound=LargestParams)


class LargestRung(Rung[P, LargestObjectModel]):
    """A rung with one prediction per photo; its head comes in our form and in the lesson's."""

    def options(self, params: P) -> Options:
        """Return the form of the head and its dropout."""
        return {"form": params.form, "dropout": params.dropout}

    def build(
        self, backbone: Backbone, image_size: int, num_classes: int, options: Options
    ) -> LargestObjectModel:
        """Return the backbone with a head on its last map."""
        own, channels = checked_options(HeadOptions, options), backbone.num_features
        if own.form == "lesson":
            cells = -(-image_size // 32)
            return LargestObjectModel(
                backbone, self.lesson_head(channels, cells, num_classes, own.dropout)
            )
        return LargestObjectModel(backbone, self.head(channels, num_classes, own.dropout))

    @abstractmethod
    def head(self, channels: int, num_classes: int, dropout: float) -> nn.Module:
        """Return our head for maps with `channels` channels."""

    @abstractmethod
    def lesson_head(self, channels: int, cells: int, num_classes: int, dropout: float) -> nn.Module:
        """Return the lesson's head for maps of `cells` x `cells`."""

    def criterion(self, model: LargestObjectModel, params: P) -> Criterion:
        """Return L1 in the lesson's pixels and/or cross-entropy."""
        return lambda outputs, batch: largest_object_losses(outputs, batch, class_weight=1.0)

    def decode(
        self,
        outputs: Outputs,
        *,
        image_size: int,
        min_score: float,
        nms_threshold: float,
        max_detections: int,
    ) -> list[PhotoDetections]:
        """Return one detection per photo, whatever its score."""
        known = next(iter(outputs.values()))
        labels = torch.full((len(known),), -1)
        scores = torch.ones(len(known))
        boxes = torch.full((len(known), 4), torch.nan)
        if self.task.answers_class:
            scores, labels = outputs["cls_logits"].float().softmax(1).max(1)
        if self.task.answers_box:
            boxes = outputs["boxes"].float()
        parts = zip(boxes.cpu(), labels.cpu(), scores.cpu(), strict=True)
        return [PhotoDetections(box[None], label[None], score[None]) for box, label, score in parts]


class ClassifierRung(LargestRung[LargestParams]):
    """What is the largest object?"""

    def __init__(self, name: str):
        super().__init__(name, Task.CLASSIFY)

    def head(self, channels: int, num_classes: int, dropout: float) -> nn.Module:
        """Return the head in which cells vote."""
        return ClassifierHead(channels, num_classes, dropout)

    def lesson_head(self, channels: int, cells: int, num_classes: int, dropout: float) -> nn.Module:
        """Return the lesson's head on pooled features."""
        return LessonClassifierHead(channels, num_classes, dropout)


class BoxRung(LargestRung[LargestParams]):
    """Where is the largest object?"""

    def __init__(self, name: str):
        super().__init__(name, Task.LOCATE)

    def head(self, channels: int, num_classes: int, dropout: float) -> nn.Module:
        """Return the head in which every cell gives a box and a weight."""
        return BoxHead(channels, dropout)

    def lesson_head(self, channels: int, cells: int, num_classes: int, dropout: float) -> nn.Module:
        """Return the lesson's linear layer; it has no dropout."""
        return LessonBoxHead(channels, cells)


class CombinedRung(LargestRung[CombinedParams]):
    """What and where at once."""

    def __init__(self, name: str):
        super().__init__(name, Task.CLASSIFY_AND_LOCATE)

    def head(self, channels: int, num_classes: int, dropout: float) -> nn.Module:
        """Return both heads side by side."""
        return CombinedHead(channels, num_classes, dropout)

    def lesson_head(self, channels: int, cells: int, num_classes: int, dropout: float) -> nn.Module:
        """Return the lesson's shared hidden layer."""
        return LessonCombinedHead(channels, cells, num_classes, dropout)

    def criterion(self, model: LargestObjectModel, params: CombinedParams) -> Criterion:
        """Return L1 in the lesson's pixels plus `class_weight` times cross-entropy."""
        weight = params.class_weight
        return lambda outputs, batch: largest_object_losses(outputs, batch, class_weight=weight)


RUNGS = (ClassifierRung("classifier"), BoxRung("bbox"), CombinedRung("combined"))
