"""A small project of DVC: a photo that is tracked, and a stage that copies it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STAGE = {"cmd": "mkdir -p predictions && cp photos/one predictions/rung.parquet"}
STAGE |= {"deps": ["photos/one"], "outs": ["predictions/rung.parquet"]}


def run(*words: str) -> str:
    """Return what a command prints in the current folder."""
    command = [sys.executable, "-m", *words] if words[0] == "dvc" else [*words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def change_photo(content: str) -> None:
    """Track another content of the photo."""
    photo = Path("photos/one")
    photo.unlink(missing_ok=True)
    photo.write_text(content)
    run("dvc", "add", "--quiet", "photos/one")


def set_remote(address: str | Path) -> None:
    """Make an address the default remote."""
    run("dvc", "remote", "add", "--quiet", "--force", "--default", "storage", str(address))


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git know who commits, and DVC that it says nothing to others."""
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "me")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "me@example.com")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: None) -> Path:
    """Work in a committed project whose stage has run; no remote."""
    folder = tmp_path / "project"
    (folder / "photos").mkdir(parents=True)
    monkeypatch.chdir(folder)
    # The code of this project is what the probe of a remote imports.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[2]), *sys.path])
    Path("dvc.yaml").write_text(json.dumps({"stages": {"copy": STAGE}}))
    run("git", "init", "--quiet", "-b", "main")
    run("dvc", "init", "--quiet")
    change_photo("first")
    run("dvc", "repro", "--quiet")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "First")
    return folder


def bare_clone(folder: Path, to: Path) -> Path:
    """Clone a project without its data; work there."""
    run("git", "clone", "--quiet", str(folder), str(to))
    os.chdir(to)
    return to
