"""`ladder verify-repro`, with real git and DVC on a project of one stage."""

import json
from pathlib import Path

import pytest

from commands import verify_repro
from pipeline.errors import InputError
from tests.commands.one_stage import git, write_stage

pytestmark = pytest.mark.slow  # DVC runs twice in each

ONLY = ["--only", "see"]


def commit_stage(project: Path, command: str, out: str = "seen.yaml") -> None:
    write_stage(project, command)
    stages = json.loads(Path("dvc.yaml").read_text())
    stages["stages"]["see"]["outs"] = [out]
    Path("dvc.yaml").write_text(json.dumps(stages))
    git(project, "commit", "--quiet", "--all", "--message", "Change the stage")


def test_the_same_bytes_of_the_last_commit(project: Path, capfd: pytest.CaptureFixture) -> None:
    Path("new.txt").write_text("new")
    git(project, "add", "new.txt")
    assert verify_repro.main([*ONLY, "-S", "fetch.seed=7"]) == 0
    out = capfd.readouterr().out
    assert "uncommitted changes are ignored" in out and "ok    seen.yaml: " in out
    assert out.endswith("the same bytes: 1 outputs\n")
    assert not Path(".ladder/verify-repro").exists()
    assert "seed: 42" in Path("params.yaml").read_text()


def test_results_of_the_commit_that_are_not_made_here_are_left_out(
    project: Path, capfd: pytest.CaptureFixture
) -> None:
    folder = {"path": "models/other", "hash": "md5", "md5": "0a1b2c.dir"}
    lock = {"schema": "2.0", "stages": {"other": {"cmd": "train", "outs": [folder]}}}
    Path("dvc.lock").write_text(json.dumps(lock))
    git(project, "add", "--force", "dvc.lock")
    git(project, "commit", "--quiet", "--message", "Results of another stage")
    assert verify_repro.main(ONLY) == 0
    assert capfd.readouterr().out.endswith("the same bytes: 1 outputs\n")


def test_what_differs_is_named_and_kept(project: Path, capfd: pytest.CaptureFixture) -> None:
    writing = "mkdir -p out && date +%s%N > out/time.txt && echo same > out/same.txt"
    commit_stage(project, writing, "out")
    assert verify_repro.main(ONLY) == 1
    out = capfd.readouterr().out
    assert "WRONG out/time.txt: " in out and "ok    out/same.txt: " in out
    assert "differs: 1 of 2 outputs; both are kept in .ladder/verify-repro" in out
    first, second = (
        Path(".ladder/verify-repro", name, "out/time.txt").read_text()
        for name in ("first", "second")
    )
    assert first != second


def test_the_runs_have_the_parameters_that_are_asked_for(project: Path) -> None:
    text, _ = verify_repro.new_params("one", Path("photos"), ["fetch.seed=7"])
    assert f"path: {project / 'photos'}" in text
    assert "photos: 30" in text and "seed: 7 " in text


def test_a_stage_that_fails_is_one_line(project: Path) -> None:
    commit_stage(project, "false")
    with pytest.raises(InputError, match=r"--force see: ended with 255; see the lines above"):
        verify_repro.main(ONLY)
