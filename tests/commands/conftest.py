"""A project of one stage, committed once, copied for each test."""

import shutil
from pathlib import Path

import pytest

from tests.commands.one_stage import commit_project


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed project, which no test changes."""
    folder = tmp_path_factory.mktemp("committed")
    commit_project(folder)
    return folder


@pytest.fixture
def project(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of the committed project."""
    folder = tmp_path / "project"
    shutil.copytree(committed, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "me")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "me@example.com")
    return folder
