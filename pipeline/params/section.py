"""What all sections of `params.yaml` are made of."""

from reprlib import Repr
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
# torch's seeds end at 2**64, and training makes one of 100,003 times its own plus the epoch.
Seed = Annotated[int, Field(ge=0, lt=2**32)]
# Of a square, in pixels. A network's maps for one photo of 2048 take a gigabyte.
Side = Annotated[int, Field(ge=32, le=2048)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Precision = Literal["auto", "float32", "bfloat16"]
Form = Literal["ours", "lesson"]
# Normalised in groups of 8; the widest pyramids in use have 384.
Channels = Annotated[int, Field(ge=8, le=1024, multiple_of=8)]
AnchorScale = Annotated[float, Field(gt=0, le=64)]  # of an anchor's side to its cell's

_MOST_FAULTS = 20
_WORDS = {"extra_forbidden": "unknown parameter", "missing": "missing parameter"}


class Section(BaseModel):
    """A section of the file: no unknown keys, no NaN, unchangeable once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_switch(cls, value: object, info: ValidationInfo) -> object:
        # YAML's yes and no would be 1 and 0: `flip: yes` would mirror every photo.
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, bool) and field.annotation in (int, float):
            raise ValueError("takes a number, not yes or no")
        return value


def faults_in_words(error: ValidationError) -> str:
    """Return every wrong key of an input with what is wrong with it, joined by semicolons."""
    faults = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"]) or "the file"
        known = _WORDS.get(fault["type"])
        shown = _shown.repr(fault["input"])
        faults.append(f"{known} {key}" if known else f"{key} = {shown}: {fault['msg']}")
    if len(faults) > _MOST_FAULTS:
        faults[_MOST_FAULTS:] = [f"and {len(faults) - _MOST_FAULTS} more"]
    return "; ".join(faults)


# A value may be a whole section, or larger than memory once written out.
_shown = Repr()
_shown.maxlevel, _shown.maxstring, _shown.maxother = 2, 80, 80
