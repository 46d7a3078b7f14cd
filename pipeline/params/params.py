"""Typed parameters: `params.yaml`, checked as a whole before any work.

Unknown keys are refused. Only stages and commands read the file; the library is given these typed
sections.
"""

from pathlib import Path

from pydantic import (
    JsonValue,
    ValidationError,
)

from pipeline.errors import InputError
from pipeline.params.fetch import FetchParams, PixelParams, TablesParams
from pipeline.params.section import Count, Fraction, Section, faults_in_words
from pipeline.params.train import RungParams, TrainParams
from pipeline.yaml_file import read_yaml


class PredictParams(Section):
    """How outputs become detections: what is kept before and after NMS."""

    min_score: Fraction
    nms_threshold: Fraction
    max_detections: Count


class ReportParams(Section):
    """What the pictures show."""

    grid_photos: Count


class PromoteParams(Section):
    """The limits that a model must not fall below to become the champion."""

    tolerance: Fraction
    class_drop: Fraction
    floors: dict[str, float]


class Params(Section):
    """All of `params.yaml`."""

    fetch: FetchParams
    tables: TablesParams
    pixels: PixelParams
    train: TrainParams
    predict: PredictParams
    report: ReportParams
    promote: PromoteParams

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
    """Return validated parameters; `name` says where they are from, for the message.

    Raises:
        InputError: a key is unknown, missing or out of range; one line names every wrong key.
    """
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{name}: {faults_in_words(error)}") from None
