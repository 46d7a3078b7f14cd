"""`model.json`, which describes a model: validated like any untrusted input."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from pipeline.errors import InputError
from pipeline.params.section import Precision, Side, faults_in_words
from pipeline.tasks import Task

Options = dict[str, str | int | float]

AGAIN = "train it again"
_MOST_CLASSES = 2**15  # predictions store labels in 16 bits
_MOST_BYTES = 10_000_000
_Word = Annotated[str, Field(min_length=1, max_length=200)]
# All of timm's networks have values between 0 and 1.
_Mean = Annotated[float, Field(ge=-10, le=10)]
_Std = Annotated[float, Field(ge=0.001, le=10)]
_THREE = Field(min_length=3, max_length=3)


def _different(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise ValueError("a name occurs twice")
    return names


def _known(task: str) -> str:
    return Task(task).value


@dataclass(frozen=True)
class ModelSpec:
    """Everything needed to rebuild a model without its training data.

    Attributes:
        rung: its name.
        task: what it predicts, a value of `Task`.
        backbone: a timm name.
        image_size: side S of the input.
        classes: names in the order of the labels.
        mean, std: normalisation of pixels in 0..1.
        precision: used in training and evaluation, see `autocast`.
        processor: the one that trained it; on another, results differ by rounding.
        options: those of the head, see `Rung.options`.
        params: all parameters of the training, for the record.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    rung: _Word
    task: Annotated[str, AfterValidator(_known)]
    backbone: _Word
    image_size: Side
    classes: Annotated[
        list[_Word], Field(min_length=1, max_length=_MOST_CLASSES), AfterValidator(_different)
    ]
    mean: Annotated[tuple[_Mean, ...], _THREE]
    std: Annotated[tuple[_Std, ...], _THREE]
    precision: Precision
    processor: Annotated[str, Field(max_length=200)]
    options: Options
    params: dict[str, JsonValue]


@dataclass(frozen=True)
class _Saved(ModelSpec):
    """The content of `model.json`; older models have no digest."""

    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


_SPEC, _SAVED = TypeAdapter(ModelSpec), TypeAdapter(_Saved)


def spec_text(spec: ModelSpec, weights_sha256: str) -> str:
    """Return the content of `model.json`."""
    return json.dumps(asdict(spec) | {"weights_sha256": weights_sha256}, indent=2) + "\n"


def read_spec(path: Path) -> tuple[ModelSpec, str]:
    """Return the spec in a `model.json`, and the SHA-256 of the weights, "" if it has none.

    Raises:
        InputError: there is no such file, or one of its fields is not valid for `ModelSpec`.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path}: has more than {_MOST_BYTES:,} bytes; {AGAIN}")
        saved = _SAVED.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{path}: no model there; train it first") from None
    except ValidationError as error:
        raise InputError(f"{path}: {faults_in_words(error)}; {AGAIN}") from None
    named = {field.name: getattr(saved, field.name) for field in fields(ModelSpec)}
    return ModelSpec(**named), saved.weights_sha256 or ""


def parse_spec(text: str) -> ModelSpec:
    """Return the spec in the metadata of an exported file.

    Raises:
        ValueError: a field is not valid for `ModelSpec`.
    """
    try:
        return _SPEC.validate_json(text)
    except ValidationError as error:
        raise ValueError(faults_in_words(error)) from None
