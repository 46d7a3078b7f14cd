"""A committed project of one stage, with this project's parameters and two profiles."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

STAGE = {
    "cmd": "cp params.yaml seen.yaml",
    "params": ["fetch", "pixels", "train", "predict", "report"],
    "outs": ["seen.yaml"],
}
ONE = "fetch: {demo: {photos: 30}}\ntrain:\n  bbox:\n    late: {epochs: 3}\n"
TWO = "extends: one\ntrain:\n  bbox: {late: {lr: 0.5}, dropout: 0.1}\n"


def commit_project(folder: Path) -> None:
    """Fill an empty folder, and commit."""
    shutil.copy(ROOT / "params.yaml", folder)
    (folder / ".gitignore").write_text(".ladder/\n")
    (folder / "profiles").mkdir()
    (folder / "profiles/one.yaml").write_text(ONE)
    (folder / "profiles/two.yaml").write_text(TWO)
    (folder / "photos").mkdir()
    write_stage(folder, "cp params.yaml seen.yaml")
    git(folder, "init", "--quiet")
    dvc(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "All")


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    done = subprocess.run(["git", *who, *words], cwd=folder, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def dvc(folder: Path, *words: str) -> str:
    environment = os.environ | {"DVC_NO_ANALYTICS": "1"}
    command = [sys.executable, "-m", "dvc", *words]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def write_stage(folder: Path, command: str) -> None:
    (folder / "dvc.yaml").write_text(json.dumps({"stages": {"see": STAGE | {"cmd": command}}}))
