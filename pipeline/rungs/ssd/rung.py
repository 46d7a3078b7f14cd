"""The rungs for every object in the photo: two of the lesson's SSDs, and ours on a pyramid."""

from collections.abc import Sequence

from torch import Tensor

from pipeline.data.batches import Batch
from pipeline.models.backbone import Backbone
from pipeline.params.section import AnchorScale, Channels, Dropout, Section
from pipeline.params.train import GridSsdParams, PyramidSsdParams
from pipeline.rungs.model_spec import Options
from pipeline.rungs.rung import (
    Criterion,
    HeadOptions,
    M,
    Outputs,
    P,
    PhotoDetections,
    Rung,
    checked_options,
)
from pipeline.rungs.ssd.criterion import grid_ssd_losses, pyramid_ssd_losses
from pipeline.rungs.ssd.matching import match_atss, match_grid_ssd
from pipeline.rungs.ssd.model import GridSsd, PyramidSsd
from pipeline.rungs.ssd.postprocess import suppress
from pipeline.tasks import Task

# The lesson's losses are sums over a batch of 64; ours are means over photos.
_LESSON_BATCH = 64


class SsdRung(Rung[P, M]):
    """A rung that scores anchors, and keeps the best by NMS within each class."""

    def __init__(self, name: str):
        super().__init__(name, Task.DETECT)

    def decode(
        self,
        outputs: Outputs,
        *,
        image_size: int,
        min_score: float,
        nms_threshold: float,
        max_detections: int,
    ) -> list[PhotoDetections]:
        """Return the detections of each photo after suppression."""
        return suppress(
            outputs["boxes"].clamp(0, image_size),
            outputs["cls_logits"].sigmoid(),
            min_score=min_score,
            nms_threshold=nms_threshold,
            max_detections=max_detections,
        )


class GridSsdRung(SsdRung[GridSsdParams, GridSsd]):
    """The lesson's SSD: anchors on coarse grids.

    Args:
        name: of the rung.
        grids: cells per side, level by level.
        zooms, ratios: of the anchors of a cell, see `lesson_sizes`.
        class_bias: initial bias of the class logits.
        lesson_block_dropout: dropout in the blocks of the lesson's form; None for the same as
            before the blocks.
    """

    def __init__(
        self,
        name: str,
        *,
        grids: Sequence[int],
        zooms: Sequence[float],
        ratios: Sequence[tuple[float, float]],
        class_bias: float,
        lesson_block_dropout: float | None = None,
    ):
        super().__init__(name)
        self.grids = grids
        self.zooms = zooms
        self.ratios = ratios
        self.class_bias = class_bias
        self.lesson_block_dropout = lesson_block_dropout

    def options(self, params: GridSsdParams) -> Options:
        """Return the form of the head and its dropout."""
        return {"form": params.form, "dropout": params.dropout}

    def build(
        self, backbone: Backbone, image_size: int, num_classes: int, options: Options
    ) -> GridSsd:
        """Return the SSD on this rung's grids."""
        own = checked_options(HeadOptions, options)
        lesson, dropout = own.form == "lesson", own.dropout
        block_dropout = self.lesson_block_dropout if lesson else None
        return GridSsd(
            backbone,
            image_size,
            num_classes,
            grids=self.grids,
            zooms=self.zooms,
            ratios=self.ratios,
            class_bias=self.class_bias,
            dropout=dropout,
            block_dropout=dropout if block_dropout is None else block_dropout,
            tanh=lesson,
        )

    def criterion(self, model: GridSsd, params: GridSsdParams) -> Criterion:
        """Return the box loss times its weight plus binary cross-entropy without a background."""
        lesson = params.form == "lesson"

        def losses(outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
            matched_idxs = match_grid_ssd(
                batch.boxes,
                batch.labels >= 0,
                batch.ignore,
                model.anchors,
                params.match_iou,
                ignored_is_background=lesson,
            )
            parts = grid_ssd_losses(
                **outputs,
                gt_boxes=batch.boxes,
                labels=batch.labels,
                matched_idxs=matched_idxs,
                weights=batch.weights,
                image_size=batch.images.shape[-1],
                focal_gamma=params.focal_gamma,
            )
            if lesson:
                plain_sum = parts["class_loss"] + parts["box_loss"]
                parts["loss_fastai_sum64"] = plain_sum.detach() * _LESSON_BATCH
            return {"loss": parts["class_loss"] + params.box_weight * parts["box_loss"], **parts}

        return losses


class PyramidOptions(Section):
    """The options that rebuild an SSD on a feature pyramid."""

    channels: Channels
    anchor_scale: AnchorScale
    dropout: Dropout


class PyramidSsdRung(SsdRung[PyramidSsdParams, PyramidSsd]):
    """SSD on a feature pyramid: one anchor per cell, one head shared by all levels."""

    def options(self, params: PyramidSsdParams) -> Options:
        """Return width, anchor scale and dropout."""
        return {
            "channels": params.channels,
            "anchor_scale": params.anchor_scale,
            "dropout": params.dropout,
        }

    def build(
        self, backbone: Backbone, image_size: int, num_classes: int, options: Options
    ) -> PyramidSsd:
        """Return the SSD on a feature pyramid."""
        own = checked_options(PyramidOptions, options)
        return PyramidSsd(
            backbone,
            image_size,
            num_classes,
            channels=own.channels,
            anchor_scale=own.anchor_scale,
            dropout=own.dropout,
        )

    def criterion(self, model: PyramidSsd, params: PyramidSsdParams) -> Criterion:
        """Return the generalised IoU loss times its weight plus quality focal loss."""

        def losses(outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
            anchors, level_sizes = model.anchors_at(batch.images.shape[-1])
            matched_idxs = match_atss(
                batch.boxes, batch.labels >= 0, batch.ignore, anchors, level_sizes
            )
            parts = pyramid_ssd_losses(
                **outputs,
                gt_boxes=batch.boxes,
                labels=batch.labels,
                matched_idxs=matched_idxs,
                weights=batch.weights,
            )
            return {"loss": parts["class_loss"] + params.box_weight * parts["box_loss"], **parts}

        return losses


RUNGS = (
    GridSsdRung(
        "ssd_4x4",
        grids=(4,),
        zooms=(1.0,),
        ratios=((1.0, 1.0),),
        class_bias=-3.0,
        lesson_block_dropout=0.1,  # `StdConv`'s default in the lesson's notebook
    ),
    GridSsdRung(
        "ssd_189",
        grids=(4, 2, 1),
        zooms=(0.7, 1.0, 1.3),
        ratios=((1.0, 1.0), (1.0, 0.5), (0.5, 1.0)),
        class_bias=-4.0,
    ),
    PyramidSsdRung("ssd_fpn"),
)
