"""`ladder profile`, with real git and DVC on a project of one stage."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from commands import profile
from commands.profile import changes, committed_params, profile_params
from pipeline.errors import InputError

PARAMS = {"fetch": {"source": "demo", "path": "photos"}, "a": 1, "b": {"c": 2, "d": 0.5}}
STAGE = {"cmd": "cp params.yaml seen.yaml", "params": ["fetch", "a", "b"], "outs": ["seen.yaml"]}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Work in a committed project with two profiles of one file each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    for name in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{name}_NAME", "me")
        monkeypatch.setenv(f"{name}_EMAIL", "me@example.com")
    monkeypatch.setattr(profile, "PROFILES", {"one": ("one",), "two": ("two",)})
    Path("profiles").mkdir()
    Path("profiles/one.params").write_text("# what is one's own\nfetch.source=voc\na=3\nb.c=4\n")
    Path("profiles/two.params").write_text("fetch.source=voc\nb={c: 5, d: 0.25}\n")
    write_yaml("params.yaml", PARAMS)
    write_yaml("dvc.yaml", {"stages": {"see": STAGE}})
    run("git", "init", "--quiet")
    run(sys.executable, "-m", "dvc", "init", "--quiet")
    commit()
    return tmp_path


def run(*words: str) -> None:
    subprocess.run(words, check=True)


def commit() -> None:
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "All")


def write_yaml(path: str, content: dict) -> None:
    with open(path, "w") as file:
        YAML().dump(content, file)


def seen() -> dict:
    return YAML(typ="safe").load(Path("seen.yaml").read_text())


def test_a_profile_takes_back_what_an_earlier_one_set(project, capfd):
    assert profile.main(["one"]) == 0
    assert "dvc exp run -S a=3 -S b.c=4 -S fetch.source=voc\n" in capfd.readouterr().out
    assert seen() == {"fetch": {"source": "voc", "path": "photos"}, "a": 3, "b": {"c": 4, "d": 0.5}}
    assert profile.main(["two", "-S", "a=7"]) == 0
    assert "dvc exp run -S a=1 -S b.c=5 -S b.d=0.25 -S a=7\n" in capfd.readouterr().out
    expected = {"fetch": {"source": "voc", "path": "photos"}, "a": 7, "b": {"c": 5, "d": 0.25}}
    assert seen() == expected


def test_photos_of_a_folder_with_a_name_that_needs_quotes(project):
    folder = Path("it's mine, all of it")
    folder.mkdir()
    assert profile.main(["one", "--photos", str(folder)]) == 0
    assert seen()["fetch"] == {"source": "local", "path": str(folder)}
    assert profile.main(["one"]) == 0
    assert seen()["fetch"] == {"source": "voc", "path": "photos"}


def test_a_run_that_fails_is_its_exit_code(project):
    write_yaml("dvc.yaml", {"stages": {"see": STAGE | {"cmd": "false"}}})
    assert profile.main(["one"]) != 0


def test_what_is_committed_holds_where_the_profile_says_nothing(project):
    write_yaml("params.yaml", PARAMS | {"b": {"c": 2, "d": 9}, "extra": 1})
    commit()
    assert committed_params()["extra"] == 1
    assert profile_params("one", committed_params())["b.d"] == 9
    committed = committed_params()
    profile_params("two", committed)
    assert committed["b"] == {"c": 2, "d": 9}


def test_only_what_differs_is_set():
    wanted = {"a": 1, "b.c": 2.0, "b.d": "x", "e": True}
    assert list(changes(wanted, {"a": 1, "b": {"c": 2, "d": "y"}})) == [("b.d", "x"), ("e", True)]
    assert list(changes({"a.b": 1}, {"a": 5})) == [("a.b", 1)]


def test_no_commit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", os.path.dirname(tmp_path))
    with pytest.raises(InputError, match=r"no git commit with params.yaml here"):
        committed_params()


def test_bad_input_is_named(project):
    with pytest.raises(InputError, match="absent: no such folder; name one that holds photos"):
        profile.main(["one", "--photos", "absent"])
    Path("profiles/one.params").write_text("b.x=4\n")
    with pytest.raises(InputError, match=r"profiles/one.params: b.x: no such parameter"):
        profile.main(["one"])
    Path("profiles/one.params").write_text("a=3\n")
    Path("params.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"params.yaml: not YAML"):
        profile.main(["two"])


def test_an_unknown_profile(capsys):
    with pytest.raises(SystemExit) as end:
        profile.main(["three"])
    assert end.value.code == 2
    assert "invalid choice: 'three'" in capsys.readouterr().err
