"""The metadata of an exported file, so that no other file is needed to use it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter

from pipeline.errors import InputError, first_line
from pipeline.params.params import PredictParams
from pipeline.params.section import Fraction
from pipeline.rungs.model_spec import ModelSpec, parse_spec

_KEY = "detection_ladder"
_VERSION = "1"

_SCORES, _FLAG = TypeAdapter(dict[str, Fraction]), TypeAdapter(bool)


@dataclass(frozen=True)
class Description:
    """The metadata of an exported file.

    Attributes:
        spec: all that is in `model.json`.
        decoding: how outputs become detections: in the project, or in the file if `suppressed`.
        label_scores: by class, the score above which a detection is a label; empty if unknown.
        suppressed: whether the file's outputs are detections, else the network's.
    """

    spec: ModelSpec
    decoding: PredictParams
    label_scores: dict[str, float] = field(default_factory=dict)
    suppressed: bool = False

    def to_strings(self) -> dict[str, str]:
        """Return the metadata as strings, which every format can hold; all but one are JSON."""
        values = {
            "model": asdict(self.spec),
            "classes": self.spec.classes,
            "image_size": self.spec.image_size,
            "decoding": self.decoding.model_dump(),
            "label_scores": self.label_scores,
            "suppressed": self.suppressed,
        }
        texts = {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}
        return {_KEY: _VERSION, **texts}

    @classmethod
    def from_strings(cls, strings: Mapping[str, str], path: Path) -> Self:
        """Return the description that `to_strings` turned into strings.

        Args:
            strings: metadata of a file; there may be more in it.
            path: of the file.

        Raises:
            InputError: the file is not one that `ladder export` has written.
        """
        again = "export it again with `ladder export`"
        if strings.get(_KEY) != _VERSION:
            raise InputError(f"{path}: does not say which rung it is; {again}")
        try:
            return cls(
                parse_spec(strings["model"]),
                PredictParams.model_validate_json(strings["decoding"]),
                _SCORES.validate_json(strings["label_scores"]),
                _FLAG.validate_json(strings["suppressed"]),
            )
        except (KeyError, ValueError) as error:
            reason = first_line(error)
            raise InputError(f"{path}: its metadata is damaged ({reason}); {again}") from None


def raw_spec(description: Description, path: Path) -> ModelSpec:
    """Return the spec of a file whose outputs are the network's own.

    Raises:
        InputError: its outputs are already detections.
    """
    if description.suppressed:
        raise InputError(
            f"{path}: suppression is inside, for use without this project; "
            "here use what `ladder export --format onnx` writes"
        )
    return description.spec
