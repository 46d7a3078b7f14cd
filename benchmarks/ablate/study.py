"""What a study tries: changes of one rung's recipe, each of a few parameters or of a commit."""

from itertools import chain
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import InputError
from pipeline.files import PARAMS
from pipeline.profiles import parse_setting, refuse_unknown
from pipeline.tracking.git_state import flat_params_of
from pipeline.yaml_file import read_yaml

BASELINE = "baseline"


class Change(BaseModel):
    """What differs from the baseline.

    Attributes:
        name: in the table.
        settings: `KEY=VALUE` of params.yaml.
        commit: whose code runs; empty for that of the study.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[\w .,%x+-]+$")
    settings: list[str] = []
    commit: str = ""


class Study(BaseModel):
    """A baseline and changes of it, each with the same seeds.

    Attributes:
        rung: that learns.
        profile: whose parameters are the baseline's; empty for those of params.yaml.
        seeds: of `train.shared.seed`; two trainings with one seed are compared with each other.
        settings: `KEY=VALUE` for the baseline and all changes, for example a shorter schedule.
        changes: one training for each of them and each seed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rung: str
    profile: str = ""
    seeds: list[int] = Field(min_length=1)
    settings: list[str] = []
    changes: list[Change] = Field(min_length=1)


def read_study(path: Path) -> Study:
    """Return the study that a YAML file describes.

    Raises:
        InputError: it is no study, two changes have one name, or a setting is of no parameter.
    """
    try:
        study = Study.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {where}: {first['msg']}; correct it") from None
    names = [BASELINE, *(change.name for change in study.changes)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path}: changes: {twice[0]} is there twice; give each its own name")
    params = flat_params_of(read_yaml(PARAMS), str(PARAMS))
    here = [change.settings for change in study.changes if not change.commit]
    for setting in chain(study.settings, *here):  # now, and not after hours of training
        refuse_unknown(parse_setting(setting), params, f"{path}: {setting}")
    return study
