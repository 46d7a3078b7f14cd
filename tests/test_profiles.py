"""Profiles: every key is a parameter, every value legal, and none is said twice."""

import re

import pytest
from ruamel.yaml import YAML

from pipeline.params import Params
from tests.conftest import ROOT

PROFILES = {
    name: files.split()
    for name, files in re.findall(
        r"^(\w+): PROFILE = (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
}


def lines_of(name: str) -> dict[str, object]:
    lines = (ROOT / "profiles" / f"{name}.params").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    assert len(dict(pairs)) == len(pairs), f"{name} says a key twice"
    return {key: YAML(typ="safe").load(value) for key, value in pairs}


def changed(params: dict, key: str, value: object) -> object:
    """Set one parameter, which must be there; return what it was."""
    *sections, last = key.split(".")
    for section in sections:
        params = params[section]
    before, params[last] = params[last], value
    return before


def test_there_are_the_three():
    assert PROFILES.keys() == {"voc2007", "lesson", "gpu"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_legal_and_has_only_what_differs(profile):
    params = YAML(typ="safe").load((ROOT / "params.yaml").read_text())
    for file in PROFILES[profile]:
        for key, value in lines_of(file).items():
            assert changed(params, key, value) != value, f"{file}: {key} is that already"
    Params.model_validate(params)
