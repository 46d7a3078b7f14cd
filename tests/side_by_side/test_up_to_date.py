"""What runs if nothing is out of date, with real DVC on stages of a line each."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.side_by_side.up_to_date import run_if_up_to_date
from tests.commands.one_stage import dvc
from tests.side_by_side.stages import write_stages


def _write_stages(log: str = "echo ran >> log", **entries: object) -> None:
    """Write two stages: b copies a, and `log` always runs after it."""
    write_stages(b=("cp a b", ["a"]))
    project = json.loads(Path("dvc.yaml").read_text())
    project["stages"]["log"] = {"cmd": log, "always_changed": True, "deps": ["b"]} | entries
    Path("dvc.yaml").write_text(json.dumps(project))


@pytest.fixture(scope="module")
def up_to_date(empty_repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two stages, run once."""
    folder = tmp_path_factory.mktemp("two") / "project"
    shutil.copytree(empty_repo, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("a").write_text("1")
        _write_stages()
        dvc(folder, "repro", "--quiet")
        Path("log").unlink()
    return folder


@pytest.fixture
def project(up_to_date: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of it."""
    shutil.copytree(up_to_date, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_what_always_runs_is_run_and_the_lock_file_left_alone(project, capfd):
    before = Path("dvc.lock").stat()
    assert run_if_up_to_date([])
    assert capfd.readouterr().out.startswith("1 stages are up to date\n")
    after = Path("dvc.lock").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert Path("log").read_text() == "ran\n"


def test_a_target_that_does_not_need_it(project):
    assert run_if_up_to_date(["b"]) and not Path("log").exists()


def _another_input() -> None:
    Path("a").write_text("2")


def _no_output() -> None:
    Path("b").unlink()


def _another_command() -> None:
    _write_stages("echo other >> log")


def _another_dependency() -> None:
    _write_stages(deps=["a", "b"])


def _an_output_of_its_own() -> None:
    _write_stages("echo ran >> log; touch out", outs=["out"])
    dvc(Path(), "repro", "--quiet")
    Path("log").unlink()


def _no_yaml() -> None:
    Path("dvc.yaml").write_text("stages: [")


@pytest.mark.parametrize(
    "change",
    [
        _another_input,
        _no_output,
        _another_command,
        _another_dependency,
        _an_output_of_its_own,
        _no_yaml,
    ],
)
def test_what_dvc_has_to_record_or_to_refuse_is_left_to_it(project, change):
    change()
    assert not run_if_up_to_date([]) and not Path("log").exists()


def test_outside_of_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not run_if_up_to_date([])


def test_a_stage_that_fails_is_told_in_one_line(project):
    _write_stages("exit 3")
    dvc(project, "commit", "--force", "--quiet")
    with pytest.raises(InputError, match=r"^dvc: failed to run: exit 3, exited with 3$"):
        run_if_up_to_date([])
