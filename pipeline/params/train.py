"""The parameters of training: those shared by all rungs, and a section for each rung."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from pipeline.params.section import (
    AnchorScale,
    Channels,
    Count,
    Dropout,
    Form,
    Fraction,
    Positive,
    Precision,
    Section,
    Seed,
    Side,
)


class AugmentParams(Section):
    """Random augmentations of training photos; each has a value that turns it off."""

    flip: Fraction = Field(description="probability of a mirror image; 0 is off")
    rotate: float = Field(ge=0, le=45, description="degrees either way, half of the time; 0 is off")
    crop: float = Field(gt=0, le=1, description="smallest share of a side that is kept; 1 is off")
    zoom_out: float = Field(ge=1, description="largest canvas, in sides of the photo; 1 is off")
    lighting: Fraction = Field(
        description="largest change of brightness, contrast and saturation; 0 is off"
    )


class PhaseParams(Section):
    """The epochs of a phase and the head's peak learning rate in it."""

    epochs: Annotated[int, Field(ge=0)]
    lr: Positive


class SharedTrainParams(Section):
    """What all rungs have in common."""

    seed: Seed
    device: str
    devices: Annotated[int, Field(ge=1, le=1024)]
    backbone: str
    weights: str
    batch_size: Annotated[int, Field(ge=2)]
    schedule: Literal["one_cycle", "cosine"]
    weight_decay: Annotated[float, Field(ge=0)]
    grad_clip: Positive
    early_stop: Annotated[int, Field(ge=0)]
    min_epoch_steps: Count
    machine_weight: Fraction
    precision: Precision
    compile: bool


class RungParams(Section):
    """What every rung sets for itself: input, three phases, dropout, averaging, augmentation."""

    image_size: Side
    head: PhaseParams
    late: PhaseParams
    all: PhaseParams
    lr_divisor: Annotated[float, Field(ge=1)]
    dropout: Dropout
    ema: Annotated[float, Field(ge=0, lt=1)]
    augment: AugmentParams

    @property
    def size_in_training(self) -> int:
        """The side of the input in training; for some rungs smaller than `image_size`."""
        return self.image_size


class LargestParams(RungParams):
    """A rung for the largest object: our head, which takes any size, or the lesson's."""

    train_size: Side
    form: Form

    @field_validator("form")
    @classmethod
    def _fits_one_size(cls, form: str, info: ValidationInfo) -> str:
        if form == "lesson" and info.data.get("train_size") != info.data.get("image_size"):
            raise ValueError("this head takes one size; set train_size and image_size to the same")
        return form

    @property
    def size_in_training(self) -> int:
        """The side of the input in training."""
        return self.train_size


class CombinedParams(LargestParams):
    """The combined head; its loss is L1 in pixels plus `class_weight` times cross-entropy."""

    class_weight: Positive


class GridSsdParams(RungParams):
    """An SSD on coarse grids.

    The lesson's `form` has its head and decoder, and counts ignored objects as background; its
    loss needs a `box_weight` of 1 as well.
    """

    form: Form
    match_iou: Annotated[float, Field(gt=0, lt=1)]
    box_weight: Positive
    focal_gamma: Annotated[float, Field(ge=0)]  # 0 is plain binary cross-entropy


class PyramidSsdParams(RungParams):
    """The SSD on a feature pyramid."""

    train_size: Side
    channels: Channels
    anchor_scale: AnchorScale
    box_weight: Positive

    @property
    def size_in_training(self) -> int:
        """The side of the input in training."""
        return self.train_size


class TrainParams(Section):
    """The shared section and one for each rung."""

    shared: SharedTrainParams
    classifier: LargestParams
    bbox: LargestParams
    combined: CombinedParams
    ssd_4x4: GridSsdParams
    ssd_189: GridSsdParams
    ssd_fpn: PyramidSsdParams
