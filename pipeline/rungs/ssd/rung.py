"""Step 8: the rungs for everything in the picture: two SSDs after the lesson, and ours."""

from typing import Any

import torch
from torch import Tensor, nn

from pipeline.data.batches import Batch
from pipeline.models.backbone import Backbone
from pipeline.rungs.ssd.criterion import lesson_ssd_losses, pyramid_ssd_losses
from pipeline.rungs.ssd.matching import BACKGROUND, NEITHER, match_atss, match_iou
from pipeline.rungs.ssd.model import LessonSsd, PyramidSsd

# The lesson's grids, zooms, (width, height) ratios, and class logits at the start.
_LESSON_HEADS = {
    "ssd_4x4": {"grids": [4], "zooms": [1.0], "ratios": [(1.0, 1.0)], "class_bias": -3.0},
    "ssd_189": {
        "grids": [4, 2, 1],
        "zooms": [0.7, 1.0, 1.3],
        "ratios": [(1.0, 1.0), (1.0, 0.5), (0.5, 1.0)],
        "class_bias": -4.0,
    },
}
# The lesson's 4x4 drops less in its blocks than before them (`StdConv`'s default there).
_LESSON_4X4_BLOCK_DROPOUT = 0.1
# Its losses are sums over a batch of 64; ours are means over photos.
_LESSON_BATCH = 64


class SsdFamily:
    """Builds, trains and decodes `ssd_4x4`, `ssd_189` and `ssd_fpn`."""

    def __init__(self, name: str):
        self.name = name

    def head_options(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return what of the rung's parameters its model must remember to be rebuilt."""
        names = ("form", "dropout", "channels", "anchor_scale")
        return {name: params[name] for name in names if name in params}

    def build(
        self, backbone: Backbone, image_size: int, num_classes: int, options: dict[str, Any]
    ) -> nn.Module:
        """Return the rung's model on top of a backbone."""
        if self.name == "ssd_fpn":
            return PyramidSsd(backbone, image_size, num_classes, **options)
        dropout, faithful = options["dropout"], options["form"] == "lesson"
        least = faithful and self.name == "ssd_4x4"
        return LessonSsd(
            backbone,
            image_size,
            num_classes,
            dropout=dropout,
            block_dropout=_LESSON_4X4_BLOCK_DROPOUT if least else dropout,
            tanh=faithful,
            **_LESSON_HEADS[self.name],
        )

    def losses(self, model: nn.Module, params: dict[str, Any]):
        """Return the function from outputs and batch to `loss` and its parts."""
        if self.name == "ssd_fpn":
            return self._pyramid_losses(model, params)
        return self._lesson_losses(model, params)

    def _lesson_losses(self, model: nn.Module, params: dict[str, Any]):
        faithful = params["form"] == "lesson"

        def match(batch: Batch) -> Tensor:
            present = (batch.labels >= 0) & ~batch.ignore
            matched_idxs = match_iou(batch.boxes, present, model.anchors, params["match_iou"])
            if faithful:  # what is to be ignored is background to the lesson
                return matched_idxs
            ignored = match_iou(batch.boxes, batch.ignore, model.anchors, params["match_iou"])
            neither = (matched_idxs == BACKGROUND) & (ignored > BACKGROUND)
            return torch.where(neither, NEITHER, matched_idxs)

        def of_batch(outputs: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
            matched_idxs = match(batch)
            parts = lesson_ssd_losses(
                **outputs,
                gt_boxes=batch.boxes,
                labels=batch.labels,
                matched_idxs=matched_idxs,
                image_size=batch.images.shape[-1],
                focal_gamma=params["focal_gamma"],
            )
            if faithful:
                plain_sum = parts["class_loss"] + parts["box_loss"]
                parts["loss_fastai_sum64"] = plain_sum.detach() * _LESSON_BATCH
            return {"loss": parts["class_loss"] + params["box_weight"] * parts["box_loss"], **parts}

        return of_batch

    def _pyramid_losses(self, model: nn.Module, params: dict[str, Any]):
        def of_batch(outputs: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
            anchors, level_sizes = model.anchors_at(batch.images.shape[-1])
            matched_idxs = match_atss(
                batch.boxes, batch.labels >= 0, batch.ignore, anchors, level_sizes
            )
            parts = pyramid_ssd_losses(
                **outputs, gt_boxes=batch.boxes, labels=batch.labels, matched_idxs=matched_idxs
            )
            return {"loss": parts["class_loss"] + params["box_weight"] * parts["box_loss"], **parts}

        return of_batch

    def detect(
        self,
        outputs: dict[str, Tensor],
        *,
        image_size: int,
        score_threshold: float,
        nms_threshold: float,
        max_detections: int,
    ) -> list[dict[str, Tensor]]:
        """Return for each photo `labels` `(K,)`, `scores`, `boxes` `(K, 4)` in input pixels."""
        # Training has no use for this, so an edit there does not make a training stale.
        from pipeline.rungs.ssd.postprocess import suppress

        return suppress(
            outputs["boxes"].clamp(0, image_size),
            outputs["cls_logits"].sigmoid(),
            score_threshold=score_threshold,
            nms_threshold=nms_threshold,
            max_detections=max_detections,
        )
