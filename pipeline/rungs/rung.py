"""What a rung of the ladder is: a task, a model for it, a criterion to train it, and a decoder."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError
from torch import Tensor, nn

from pipeline.data.batches import Batch
from pipeline.errors import InputError
from pipeline.models.backbone import Backbone
from pipeline.params.section import Dropout, Form, Section, faults_in_words
from pipeline.params.train import RungParams
from pipeline.rungs.model_spec import Options
from pipeline.tasks import Task

Outputs = dict[str, Tensor]
Criterion = Callable[[Outputs, Batch], dict[str, Tensor]]


@dataclass(frozen=True)
class PhotoDetections:
    """What a model found in one photo, on the CPU.

    Attributes:
        boxes: `(K, 4)` xyxy in input pixels; NaN where the rung gives no box.
        labels: `(K,)` int64, 0..C-1; -1 where the rung gives no class.
        scores: `(K,)` in 0..1, descending.
    """

    boxes: Tensor
    labels: Tensor
    scores: Tensor


class RungModel(nn.Module, ABC):
    """A network in two parts, so that a frozen backbone need not run again in every epoch.

    Attributes:
        backbone: everything else in the model is its head.
    """

    backbone: Backbone

    @abstractmethod
    def features(self, images: Tensor) -> list[Tensor]:
        """Return the backbone's maps of normalised images `(B, 3, S, S)`."""

    @abstractmethod
    def read(self, features: list[Tensor], image_size: int) -> Outputs:
        """Return the outputs for features of images of side `image_size`."""

    def forward(self, images: Tensor) -> Outputs:
        """Return `cls_logits` and/or `boxes` (xyxy in input pixels) of images `(B, 3, S, S)`."""
        return self.read(self.features(images), images.shape[-1])

    def anchors_for(self, image_size: int) -> Tensor | None:
        """Return the anchors `(A, 4)` xyxy for an input of this size; None without anchors."""
        return None


class HeadOptions(Section):
    """Options of a head that comes in our form and in the lesson's."""

    form: Form
    dropout: Dropout


S = TypeVar("S", bound=Section)


def checked_options(kind: type[S], options: Options) -> S:
    """Return options, validated as a section of this kind.

    Raises:
        InputError: one is missing, unknown or out of range.
    """
    try:
        return kind.model_validate(options)
    except ValidationError as error:
        raise InputError(f"options: {faults_in_words(error)}") from None


P = TypeVar("P", bound=RungParams)
M = TypeVar("M", bound=RungModel)


class Rung(ABC, Generic[P, M]):
    """One step of the ladder.

    Args:
        name: as in `params.yaml` and `dvc.yaml`.
        task: what it predicts for a photo.
    """

    def __init__(self, name: str, task: Task):
        self.name = name
        self.task = task

    @property
    def family(self) -> str:
        """The dotted name of the package with all code that only this kind of rung uses."""
        return type(self).__module__.rpartition(".")[0]

    @abstractmethod
    def options(self, params: P) -> Options:
        """Return the parameters that `build` needs again when a saved model is loaded."""

    @abstractmethod
    def build(self, backbone: Backbone, image_size: int, num_classes: int, options: Options) -> M:
        """Return the model on top of a backbone; `num_classes` does not count the background.

        Raises:
            InputError: an option is missing, unknown or out of range, or the size does not fit.
        """

    @abstractmethod
    def criterion(self, model: M, params: P) -> Criterion:
        """Return a function from outputs and batch to named losses; `loss` is minimised."""

    @abstractmethod
    def decode(
        self,
        outputs: Outputs,
        *,
        image_size: int,
        min_score: float,
        nms_threshold: float,
        max_detections: int,
    ) -> list[PhotoDetections]:
        """Return the detections of each photo.

        Args:
            outputs: of the model.
            image_size: side S of the input.
            min_score: detections with this score or less are dropped; a rung for the largest
                object always returns one detection.
            nms_threshold: of two boxes of a class with a higher IoU the lower-scored is dropped.
            max_detections: per photo.
        """
