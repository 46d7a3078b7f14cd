"""A small DVC project: a tracked photo, a stage that copies it, and one that always runs."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

from tests.conftest import ROOT

STAGE = {"cmd": "mkdir -p predictions && cp photos/one predictions/rung.parquet"}
STAGE |= {"deps": ["photos/one"], "outs": ["predictions/rung.parquet"]}
TRACK = {"cmd": "true", "always_changed": True}


IDENTITY = {"DVC_NO_ANALYTICS": "1"}
for _role in ("AUTHOR", "COMMITTER"):
    IDENTITY |= {f"GIT_{_role}_NAME": "me", f"GIT_{_role}_EMAIL": "me@example.com"}


def run(*words: str) -> str:
    """Return the output of a command in the current folder."""
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def change_photo(content: str) -> None:
    """Track the photo with different content, as `dvc add` does."""
    photo = Path("photos/one")
    photo.unlink(missing_ok=True)
    photo.write_text(content)
    with Repo() as repo:  # in this process: DVC takes longer to start than to do these things
        repo.add("photos/one")


def repro() -> None:
    """Do what `dvc repro` does."""
    with Repo() as repo:
        repo.reproduce()


def push(*targets: str) -> None:
    """Do what `dvc push` does."""
    with Repo() as repo:
        repo.push(targets or None)


def set_remote(address: str | Path) -> None:
    """Make an address the default remote, as `dvc remote add` does."""
    with Repo() as repo, repo.config.edit("repo") as config:
        config["core"]["remote"] = "storage"
        config["remote"]["storage"] = {"url": str(address)}


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give git an author, and turn DVC's analytics off."""
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed project whose stage has run, without a remote."""
    folder = tmp_path_factory.mktemp("committed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, value in IDENTITY.items():
            patch.setenv(name, value)
        Path("photos").mkdir()
        Path("dvc.yaml").write_text(json.dumps({"stages": {"copy": STAGE, "track": TRACK}}))
        run("git", "init", "--quiet", "-b", "main")
        Repo.init().close()
        change_photo("first")
        repro()
        run("git", "add", "--all")
        run("git", "commit", "--quiet", "--message", "First")
    return folder


@pytest.fixture
def copied(
    committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: None
) -> Path:
    """Work in a copy of the committed project."""
    folder = tmp_path / "project"
    shutil.copytree(committed, folder)
    monkeypatch.chdir(folder)
    # The code of this project is what the probe of a remote imports.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.syspath_prepend(str(ROOT))
    return folder


def bare_clone(folder: Path, to: Path) -> Path:
    """Clone a project without its data; work there."""
    run("git", "clone", "--quiet", str(folder), str(to))
    os.chdir(to)
    return to
