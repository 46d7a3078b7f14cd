"""The base class of all sections of `params.yaml`, and the types of their values."""

from reprlib import Repr
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
# torch's seeds end at 2**64, and training derives seeds as 100,003 times its own plus the epoch.
Seed = Annotated[int, Field(ge=0, lt=2**32)]
# Of a square, in pixels. The feature maps of one photo at 2048 take a gigabyte.
Side = Annotated[int, Field(ge=32, le=2048)]
Dropout = Annotated[float, Field(ge=0, lt=1)]
Precision = Literal["auto", "float32", "bfloat16"]
Form = Literal["ours", "lesson"]
# Group norm has groups of 8; the widest pyramids in use have 384 channels.
Channels = Annotated[int, Field(ge=8, le=1024, multiple_of=8)]
AnchorScale = Annotated[float, Field(gt=0, le=64)]  # side of an anchor in sides of its cell

_MOST_FAULTS = 20
_WORDS = {"extra_forbidden": "unknown parameter", "missing": "missing parameter"}


class Section(BaseModel):
    """A section of the file: no unknown keys, no NaN, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_switch(cls, value: object, info: ValidationInfo) -> object:
        # YAML's booleans would become 1 and 0: `flip: true` would mirror every photo.
        field = cls.model_fields[info.field_name or ""]
        if isinstance(value, bool) and field.annotation in (int, float):
            raise ValueError("takes a number, not true or false")
        return value


def faults_in_words(error: ValidationError) -> str:
    """Return every wrong key of the input with what is wrong with it, joined by semicolons."""
    faults = []
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"]) or "the file"
        known = _WORDS.get(fault["type"])
        shown = _shown.repr(fault["input"])
        faults.append(f"{known} {key}" if known else f"{key} = {shown}: {fault['msg']}")
    if len(faults) > _MOST_FAULTS:
        faults[_MOST_FAULTS:] = [f"and {len(faults) - _MOST_FAULTS} more"]
    return "; ".join(faults)


# A value may be a whole section, or too large for memory once written out.
_shown = Repr()
_shown.maxlevel, _shown.maxstring, _shown.maxother = 2, 80, 80
