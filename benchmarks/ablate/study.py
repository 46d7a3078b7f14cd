"""What a study tries: changes of one rung's recipe, each of a few parameters or of a commit."""

import subprocess
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from commands.run import params_with, wanted_params
from pipeline.errors import InputError
from pipeline.files import PARAMS
from pipeline.profiles import parse_setting
from pipeline.rungs.registry import find_rung
from pipeline.tracking.git_state import flat_params_of
from pipeline.yaml_file import read_yaml

BASELINE = "baseline"
HELD_OUT = ("fetch.split=fraction", "fetch.val_fraction=0.2", "fetch.test_fraction=0.0")
_OF_THE_STUDY = ("train.shared.seed", *(setting.partition("=")[0] for setting in HELD_OUT))


class Change(BaseModel):
    """What differs from the baseline.

    Attributes:
        name: in the table.
        settings: `KEY=VALUE` of params.yaml.
        commit: whose code runs; empty for that of the study.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^\w[\w .,%x+-]*$")
    settings: list[str] = []
    commit: str = ""

    @property
    def folder_name(self) -> str:
        """What the names of its folders begin with."""
        return self.name.replace(" ", "_")


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
    seeds: list[Annotated[int, Field(ge=0)]] = Field(min_length=1)
    settings: list[str] = []
    changes: list[Change] = Field(min_length=1)


def read_study(path: Path) -> Study:
    """Return the study that a YAML file describes.

    Raises:
        InputError: it is no study, two changes or seeds are one, there is no such rung, profile or
            commit, or a parameter is unknown, out of range or the study's own.
    """
    try:
        study = Study.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "content"
        raise InputError(f"{path}: {where}: {first['msg']}; correct it") from None
    try:
        _check(study)
    except InputError as error:  # now, and not after hours of training
        raise InputError(f"{path}: {error}") from None
    return study


def _check(study: Study) -> None:
    find_rung(study.rung)
    folders = [BASELINE, *(change.folder_name for change in study.changes)]
    for what, values in (("changes", folders), ("seeds", study.seeds)):
        twice = sorted({str(value) for value in values if values.count(value) > 1})
        if twice:
            raise InputError(f"{what}: {twice[0]} is there twice; each must be its own")
    current = flat_params_of(read_yaml(PARAMS), str(PARAMS))
    for change in (Change(name=BASELINE), *study.changes):
        settings = [*study.settings, *change.settings]
        for setting in settings:
            fixed = sorted(parse_setting(setting).keys() & set(_OF_THE_STUDY))
            if fixed:
                raise InputError(
                    f"{setting}: {fixed[0]} is what the study itself sets; leave it out"
                )
        if change.commit:
            _check_commit(change.commit)
        elif change.name != BASELINE and not change.settings:
            raise InputError(f"changes: {change.name}: neither settings nor a commit; name one")
        else:
            params_with(wanted_params(study.profile or None, None, settings, current))


def _check_commit(commit: str) -> None:
    names = (f"{name}^{{commit}}" for name in (commit, f"origin/{commit}"))
    words = ["git", "rev-parse", "--quiet", "--verify", "--end-of-options"]
    if all(subprocess.run([*words, name], capture_output=True).returncode for name in names):
        raise InputError(f"changes: commit {commit}: there is none; name a commit or a branch")
