"""Every change runs with every seed, once, with settings of its own."""

import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.ablate.study import Change, Study
from benchmarks.ablate.trials import clone, run_trials, trials_of
from pipeline.errors import InputError

STUDY = Study(rung="classifier", seeds=[1, 2], changes=[Change(name="wider crops")])


def test_baseline_and_changes_with_one_seed_after_the_other():
    names = [trial.folder_name for trial in trials_of(STUDY)]
    assert names == ["baseline-1", "wider_crops-1", "baseline-2", "wider_crops-2"]


def test_a_clone_of_a_commit(tmp_path, monkeypatch):
    origin = tmp_path / "origin"
    origin.mkdir()
    monkeypatch.chdir(origin)
    words = ["git", "-c", "user.name=A", "-c", "user.email=a@b"]
    subprocess.run([*words, "init", "--quiet", "--initial-branch", "main"], check=True)
    for text in ("one", "two"):
        Path("a").write_text(text)
        subprocess.run([*words, "add", "a"], check=True)
        subprocess.run([*words, "commit", "--quiet", "-m", text], check=True)
    first = subprocess.run(
        ["git", "rev-parse", "HEAD~"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert (clone(tmp_path, "") / "a").read_text() == "two"
    assert (clone(tmp_path, first) / "a").read_text() == "one"
    assert (clone(tmp_path, "main") / "a").read_text() == "two"


def test_what_has_run_is_not_run_again_and_a_failure_names_its_log(tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "project").mkdir()  # no project: whatever runs here fails
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path / "project", check=True)
    (tmp_path / "trials/baseline-1").mkdir(parents=True)
    shutil.copy("params.yaml", tmp_path / "project")
    subprocess.run(["git", "add", "params.yaml"], cwd=tmp_path / "project", check=True)
    with pytest.raises(InputError, match=r"wider_crops-1\.log: `ladder run .*` ended with \d+"):
        run_trials(STUDY, None, tmp_path)
    out = capsys.readouterr().out
    assert "1/4 baseline, seed 1: there already\n2/4 wider crops, seed 1: runs\n" in out
