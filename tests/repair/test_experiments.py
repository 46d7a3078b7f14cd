"""Names of experiments, with real git; tests/commands/test_run.py saves real ones."""

import subprocess
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.repair.experiments import check_name


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Work in a repository with one commit."""
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet")
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    git(*who, "commit", "--quiet", "--allow-empty", "--message", "All")
    return git("rev-parse", "HEAD")


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["longer", "lr-0.003", "größer", "a_b"])
def test_names_that_dvc_takes(commit, name):
    check_name(name)


@pytest.mark.parametrize("name", ["a b", "a/b", "", "a..b", "a:b", ".a", "a.lock"])
def test_names_that_dvc_refuses(commit, name):
    with pytest.raises(InputError, match=r"^--name: an experiment of DVC cannot be called '"):
        check_name(name)


def test_a_name_is_used_once_for_each_commit(commit):
    git("update-ref", f"refs/exps/{commit[:2]}/{commit[2:]}/longer", commit)
    git("update-ref", f"refs/exps/00/{'0' * 38}/older", commit)  # of another commit
    with pytest.raises(InputError, match=r"already has an experiment longer; choose another"):
        check_name("longer")
    check_name("older")
