"""Profiles: every key is a parameter, every value legal, and none is said twice."""

import pytest
from ruamel.yaml import YAML

from commands.profile import PROFILES, profile_params, read_profile
from pipeline.params import Params
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch):
    monkeypatch.chdir(ROOT)


def demo() -> dict:
    return YAML(typ="safe").load((ROOT / "params.yaml").read_text())


def changed(params: dict, key: str, value: object) -> object:
    """Set one parameter, which must be there; return what it was."""
    *sections, last = key.split(".")
    for section in sections:
        params = params[section]
    before, params[last] = params[last], value
    return before


@pytest.mark.parametrize("file", sorted({file for files in PROFILES.values() for file in files}))
def test_a_file_says_a_key_once(file):
    lines = (ROOT / "profiles" / f"{file}.params").read_text().splitlines()
    keys = [line for line in lines if line and not line.startswith("#")]
    assert len(read_profile(file)) == len(keys)


def test_every_file_belongs_to_a_profile():
    files = {path.stem for path in (ROOT / "profiles").glob("*.params")}
    assert files == {file for stack in PROFILES.values() for file in stack}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_legal_and_has_only_what_differs(profile):
    params = demo()
    for file in PROFILES[profile]:
        for key, value in read_profile(file).items():
            assert changed(params, key, value) != value, f"{file}: {key} is that already"
    Params.model_validate(params)


@pytest.mark.parametrize("earlier", PROFILES)
@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_of_an_earlier_profile_is_left(profile, earlier):
    alone, after = demo(), demo()
    for key, value in profile_params(profile, demo()).items():
        changed(alone, key, value)
    for name in (earlier, profile):
        for key, value in profile_params(name, demo()).items():
            changed(after, key, value)
    assert after == alone
