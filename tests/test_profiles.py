"""Profiles: what they set, what they extend, and that those of this project are valid."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from pipeline.errors import InputError
from pipeline.params.params import Params
from pipeline.profiles import parse_setting, profile_names, profile_values, refuse_unknown
from pipeline.yaml_file import flatten, parse_yaml, read_yaml, with_values
from tests.conftest import ROOT


def demo() -> dict[str, JsonValue]:
    content = read_yaml(ROOT / "params.yaml")
    assert isinstance(content, dict)
    return flatten(content)


OURS = sorted(path.stem for path in (ROOT / "profiles").glob("*.yaml"))
KNOWN: dict[str, JsonValue] = {"a": 1, "b.c": 2, "b.d": 3}


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that writes a profile into the folder in which the test works."""
    monkeypatch.chdir(tmp_path)
    Path("profiles").mkdir()

    def write(name: str, text: str) -> None:
        Path(f"profiles/{name}.yaml").write_text(text)

    return write


def test_names(profile):
    assert profile_names() == []
    profile("two", "a: 2")
    profile("one", "a: 1")
    assert profile_names() == ["one", "two"]


def test_a_profile_comes_after_the_one_that_it_extends(profile):
    profile("one", "a: 5\nb: {c: 6}\n")
    profile("two", "extends: one\nb: {c: 7}\n")
    profile("three", "extends: two\nb: {d: 8}\n")
    assert profile_values("one", KNOWN) == {"a": 5, "b.c": 6}
    assert profile_values("three", KNOWN) == {"a": 5, "b.c": 7, "b.d": 8}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("b: {x: 4}", r"profiles/one\.yaml: unknown parameter b\.x"),
        ("extends: one", r"profiles/one\.yaml: extends: leads back to itself"),
        ("extends: absent", r"profiles/absent\.yaml: not found"),
        ("", r"profiles/one\.yaml: no parameters"),
        ("a: [", r"profiles/one\.yaml: not valid YAML"),
    ],
)
def test_what_is_wrong_in_a_profile_is_named(profile, text, message):
    profile("one", text)
    with pytest.raises(InputError, match=message):
        profile_values("one", KNOWN)


def test_settings():
    assert parse_setting("a=b=c") == {"a": "b=c"}
    assert parse_setting("a=1e-3") == {"a": 0.001}
    assert parse_setting("b={c: true, d: x}") == {"b.c": True, "b.d": "x"}
    assert parse_setting("a=") == {"a": None}
    for wrong in ("a", "=1", "", "a={}", "train.bbox={late: {}}"):
        with pytest.raises(InputError, match="write KEY=VALUE"):
            parse_setting(wrong)
    with pytest.raises(InputError, match="-S a=]: not valid YAML"):
        parse_setting("a=]")


def test_all_unknown_keys_are_named():
    refuse_unknown({"a": 1}, KNOWN, "here")
    with pytest.raises(InputError, match=r"^here: unknown parameter b, b\.x; correct it$"):
        refuse_unknown({"a": 1, "b": 2, "b.x": 3}, KNOWN, "here")


def test_this_project_has_profiles():
    assert {"voc2007", "lesson", "gpu"} <= set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_a_profile_of_ours_is_legal(monkeypatch, name):
    monkeypatch.chdir(ROOT)
    values = profile_values(name, demo())
    text = with_values((ROOT / "params.yaml").read_text(), values)
    params = flatten(Params.model_validate(parse_yaml(text, name)).model_dump(mode="json"))
    assert {key: params[key] for key in values} == values


@pytest.mark.parametrize("name", OURS)
def test_a_profile_of_ours_says_only_what_differs(monkeypatch, name):
    monkeypatch.chdir(ROOT)
    own = read_yaml(ROOT / "profiles" / f"{name}.yaml")
    assert isinstance(own, dict)
    extended = own.pop("extends", None)
    below = demo() | (profile_values(str(extended), demo()) if extended else {})
    assert {key for key, value in flatten(own).items() if below[key] == value} == set()
