"""Typed parameters: `params.yaml`, checked as a whole before any work.

Unknown keys are refused. Configuration stops at the stage: the library takes plain keyword
arguments.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from pipeline.errors import InputError
from pipeline.yaml_file import read_yaml

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
# torch's seeds end at 2**64, and training makes one of 100,003 times its own plus the epoch.
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Format = Literal["auto", "pascal", "voc", "cvat", "yolo", "labelme", "csv", "label-studio"]
SplitRule = Literal["given", "fraction", "lesson"]
Side = Annotated[int, Field(ge=32)]  # of a square, in pixels


class Section(BaseModel):
    """A section of the file: no unknown keys, no NaN, unchangeable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DemoParams(Section):
    """How many photos the painter draws, and their longer side in pixels."""

    photos: Count
    size: Side


class SourceParams(Section):
    """One of several sets of labelled photos, which become one."""

    path: Path  # below that of the section
    format: Format = "auto"
    labels: str = ""
    split: SplitRule | None = None  # by default the section's
    role: Literal["truth", "machine"] = "truth"
    teacher: str = ""  # what labelled it, for the record

    @field_validator("path")
    @classmethod
    def _lies_below(cls, path: Path) -> Path:
        if path.is_absolute() or ".." in path.parts:
            raise ValueError("must lie below fetch.path, which DVC watches as a whole")
        return path


class ClassParams(Section):
    """Which classes are learnt and how they are called; sets name theirs differently."""

    rename: list[tuple[str, str]]  # [old, new]; several of one new name are merged
    keep: list[str]  # by new names; none keeps all
    drop: list[str]

    @field_validator("rename")
    @classmethod
    def _renames_once(cls, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        olds = [old for old, _ in pairs]
        if twice := sorted({old for old in olds if olds.count(old) > 1}):
            raise ValueError(f"renames {', '.join(twice)} twice; keep one pair of each")
        return pairs


class FetchParams(Section):
    """Where labelled photos come from and how they are split."""

    source: Literal["demo", "local", "voc2007", "voc2012"]
    path: Path
    format: Format
    labels: str
    turn: Literal["auto", "exif", "stored"]
    sources: list[SourceParams]
    classes: ClassParams
    split: SplitRule
    val_fraction: Fraction
    test_fraction: Fraction
    seed: Seed
    demo: DemoParams

    @property
    def sets(self) -> list[SourceParams]:
        """The sets to read, at least one; each with its place below `path` and its split."""
        if self.source != "local":
            return [SourceParams(path=Path(), split=self.split)]
        whole = SourceParams(path=Path(), format=self.format, labels=self.labels)
        sets = self.sources or [whole]
        return [one.model_copy(update={"split": one.split or self.split}) for one in sets]


class TablesParams(Section):
    """What becomes of photos of train that have a copy in val or test."""

    duplicates: Literal["warn", "drop", "error"]


class PixelParams(Section):
    """The side of the square that every photo is stored at."""

    size: Side


class AugmentParams(Section):
    """Random changes of a training photo; each has a value that turns it off."""

    flip: Fraction  # probability of a mirror image; 0 is off
    rotate: Annotated[float, Field(ge=0, le=45)]  # degrees either way, half of the time; 0 is off
    crop: Annotated[float, Field(gt=0, le=1)]  # smallest share of a side that is kept; 1 is off
    zoom_out: Annotated[float, Field(ge=1)]  # largest canvas, in sides of the photo; 1 is off
    lighting: Fraction  # largest change of brightness, contrast and saturation; 0 is off


class PhaseParams(Section):
    """The epochs of a phase and the head's peak learning rate in it."""

    epochs: Annotated[int, Field(ge=0)]
    lr: Positive


class SharedTrainParams(Section):
    """What all rungs have in common."""

    seed: Seed
    device: str
    backbone: str
    weights: str
    batch_size: Annotated[int, Field(ge=2)]
    schedule: Literal["one_cycle", "cosine"]
    weight_decay: Annotated[float, Field(ge=0)]
    grad_clip: Positive
    early_stop: Annotated[int, Field(ge=0)]
    min_epoch_steps: Count
    machine_weight: Fraction
    precision: Literal["auto", "float32", "bfloat16"]
    compile: bool


class RungParams(Section):
    """What every rung sets for itself: input, three phases, dropout, averaging, augmentation."""

    image_size: Side
    head: PhaseParams
    late: PhaseParams
    all: PhaseParams
    lr_divisor: Annotated[float, Field(ge=1)]
    dropout: Annotated[float, Field(ge=0, lt=1)]
    ema: Annotated[float, Field(ge=0, lt=1)]
    augment: AugmentParams

    @property
    def size_in_training(self) -> int:
        """The side of the input in training; for some rungs smaller than `image_size`."""
        return self.image_size


class LargestParams(RungParams):
    """The rungs for the largest object: a head of ours, which takes any size, or the lesson's."""

    train_size: Side
    form: Literal["ours", "lesson"]

    @field_validator("form")
    @classmethod
    def _fits_one_size(cls, form: str, info: ValidationInfo) -> str:
        if form == "lesson" and info.data.get("train_size") != info.data.get("image_size"):
            raise ValueError("such a head takes one size; give train_size and image_size the same")
        return form

    @property
    def size_in_training(self) -> int:
        """The side of the input while the rung learns."""
        return self.train_size


class CombinedParams(LargestParams):
    """The combined head; its loss is L1 in pixels plus `class_weight` times cross-entropy."""

    class_weight: Positive


class GridSsdParams(RungParams):
    """An SSD on coarse grids after the lesson: in our form, or to the letter."""

    form: Literal["ours", "lesson"]
    match_iou: Annotated[float, Field(gt=0, lt=1)]
    box_weight: Positive
    focal_gamma: Annotated[float, Field(ge=0)]  # 0 is plain binary cross-entropy


class PyramidSsdParams(RungParams):
    """The SSD on a feature pyramid."""

    train_size: Side
    channels: Annotated[int, Field(ge=8, multiple_of=8)]  # normalised in groups of 8
    anchor_scale: Positive
    box_weight: Positive

    @property
    def size_in_training(self) -> int:
        """The side of the input while the rung learns."""
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


class PredictParams(Section):
    """How outputs become detections: what is kept before and after NMS."""

    min_score: Fraction
    nms_threshold: Fraction
    max_detections: Count


class ReportParams(Section):
    """What the pictures show."""

    grid_photos: Count


class Params(Section):
    """All of `params.yaml`."""

    fetch: FetchParams
    tables: TablesParams
    pixels: PixelParams
    train: TrainParams
    predict: PredictParams
    report: ReportParams

    @property
    def rung_names(self) -> list[str]:
        """The names of all rungs, in the order in which they are trained."""
        return [name for name in TrainParams.model_fields if name != "shared"]

    def rung(self, name: str) -> RungParams:
        """Return the section of the rung called `name`.

        Raises:
            InputError: there is no such rung; the message lists them.
        """
        if name not in self.rung_names:
            raise InputError(f"{name}: no such rung; there are {', '.join(self.rung_names)}")
        return getattr(self.train, name)


def load_params(path: Path) -> Params:
    """Return the checked parameters of a YAML file.

    Raises:
        InputError: the file is missing, is not YAML, or a key is unknown, missing or out of range;
            one line names the file and every wrong key.
    """
    return check_params(read_yaml(path), str(path))


def check_params(content: JsonValue, name: str) -> Params:
    """Return validated parameters; `name` is where they came from, for the message.

    Raises:
        InputError: a key is unknown, missing or out of range; one line names every wrong key.
    """
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{name}: {_describe(error)}") from None


def _describe(error: ValidationError) -> str:
    words = {"extra_forbidden": "unknown parameter", "missing": "missing parameter"}
    faults = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"]) or "the file"
        known = words.get(fault["type"])
        faults.append(f"{known} {key}" if known else f"{key} = {fault['input']!r}: {fault['msg']}")
    return "; ".join(faults)
