"""A DVC project without stages."""

import shutil
from pathlib import Path

import pytest

from tests.commands.one_stage import dvc, git


@pytest.fixture(scope="session")
def empty_repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DVC and git repository without stages, which tests must not change."""
    folder = tmp_path_factory.mktemp("empty")
    git(folder, "init", "--quiet")
    dvc(folder, "init", "--quiet")
    dvc(folder, "config", "core.autostage", "true")
    return folder


@pytest.fixture
def project(empty_repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a copy of it."""
    folder = tmp_path / "project"
    shutil.copytree(empty_repo, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    return folder
