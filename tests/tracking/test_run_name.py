"""Names of runs show what was changed."""

from pathlib import Path

import pytest

from pipeline.tracking.git_state import run_git
from pipeline.tracking.run_name import changed_params, params_of_commit, run_name

COMMITTED = "fetch: {path: photos}\ntrain:\n  shared: {seed: 42}\n  bbox: {late: {epochs: 3}}\n"
SAME = {"fetch.path": "photos", "train.shared.seed": 42, "train.bbox.late.epochs": 3}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a committed params.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    Path("params.yaml").write_text(COMMITTED)
    return tmp_path


def commit() -> None:
    run_git("init", "--quiet")
    run_git("add", "params.yaml")
    who = ("-c", "user.name=tester", "-c", "user.email=tester@example.com")
    run_git(*who, "commit", "--quiet", "--message", "first")


def changed(params: dict) -> dict:
    return changed_params(params, params_of_commit())


def test_without_a_commit_nothing_is_said_to_have_changed(project):
    assert changed(SAME) == {}


def test_what_differs_from_the_commit(project):
    commit()
    Path("params.yaml").write_text("fetch: {}")  # the working copy does not count
    assert changed(SAME) == {}
    other = SAME | {"train.shared.seed": 7, "fetch.path": "new"}
    assert changed(other) == {
        "train.shared.seed": 7,
        "fetch.path": "new",
    }
    assert changed({"train.bbox.dropout": 0.5}) == {"train.bbox.dropout": 0.5}  # is new


def test_a_commit_whose_parameters_cannot_be_read(project):
    Path("params.yaml").write_text("fetch: {")
    commit()
    assert changed(SAME) == {}


def test_a_name_has_what_changed_and_the_experiment(project, monkeypatch):
    assert run_name("bbox", {}, "0123456789abcdef") == "bbox · 01234567"
    monkeypatch.setenv("DVC_EXP_NAME", "longer")
    changed = {"fetch.path": "new", "train.shared.seed": 7, "train.bbox.late.epochs": 9}
    assert (
        run_name("bbox", changed, "01234567")
        == "bbox · seed=7 late.epochs=9 +1 · longer · 01234567"
    )
