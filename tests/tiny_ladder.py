"""A scratch copy of the project whose ladder is short and learns little, and its commands."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import chdir
from pathlib import Path

from dvc.repo import Repo
from ruamel.yaml import YAML

from tests.conftest import ROOT

# One of each family: for one object, and for all; tests/ci has a classifier.
RUNGS = ("bbox", "ssd_fpn")
PROJECT = ("pipeline", "stages", "photos", "dvc.yaml", "params.yaml", ".dvcignore", ".gitignore")
# Python imports this at its start; it notes which modules the process had loaded at its end.
NOTE_IMPORTS = """
import atexit, json, os, sys

def note():
    root = os.getcwd() + os.sep
    files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    ours = sorted({f[len(root):] for f in files if f.startswith(root) and os.path.getsize(f)})
    name = "-".join(sys.orig_argv[2:]).replace("/", "_")
    with open(os.path.join(os.environ["NOTED"], name + ".json"), "w") as file:
        json.dump({"files": ours, "modules": sorted(sys.modules)}, file)

if sys.orig_argv[1:2] == ["-m"] and sys.orig_argv[2].startswith("stages."):
    atexit.register(note)
"""


class Project:
    """A scratch copy of the project, and what its commands print."""

    def __init__(self, folder: Path):
        self.folder = folder / "project"
        self.noted = folder / "noted"
        hooks = folder / "hooks"
        for new in (self.folder, self.noted, hooks):
            new.mkdir()
        (hooks / "sitecustomize.py").write_text(NOTE_IMPORTS)
        self.environment = os.environ | {
            "PYTHONPATH": str(hooks),
            "NOTED": str(self.noted),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
        }
        for name in ("COV_CORE_SOURCE", "COVERAGE_PROCESS_START", "MLFLOW_TRACKING_URI"):
            self.environment.pop(name, None)

    def run(self, *command: str, succeeds: bool = True) -> str:
        """Return all that `command` prints; its success is asserted."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert (done.returncode == 0) == succeeds, done.stdout
        return done.stdout

    def dvc(self, *arguments: str, succeeds: bool = True) -> str:
        """Return all that `dvc` prints."""
        return self.run(sys.executable, "-m", "dvc", *arguments, succeeds=succeeds)

    def set(self, key: str, value: object) -> None:
        """Change one value of params.yaml."""
        yaml, path = YAML(), self.folder / "params.yaml"
        params = yaml.load(path.read_text())
        *above, last = key.split(".")
        section = params
        for name in above:
            section = section[name]
        section[last] = value
        with path.open("w") as file:
            yaml.dump(params, file)

    def mlflow_runs(self) -> list[str]:
        """Return the rungs that the names of the runs in the project's own store begin with."""
        with sqlite3.connect(self.folder / "mlflow.db") as store:
            names = [name for (name,) in store.execute("select name from runs")]
        return [name.partition(" · ")[0] for name in names]

    def noted_of(self, entry: dict) -> dict[str, list[str]]:
        """Return which files and modules the command of a lock entry had loaded."""
        command = entry["cmd"].split(" -m ")[1].split()
        return json.loads((self.noted / f"{'-'.join(command)}.json").read_text())

    def would_run_after_an_edit(self, file: str) -> list[str]:
        """Return the stages that `dvc repro` would run after an edit of a file."""
        path = self.folder / file
        text = path.read_text()
        path.write_text(text + "\n# an edit\n")
        try:
            return self.would_run()
        finally:
            path.write_text(text)

    def would_run(self) -> list[str]:
        """Return the stages that `dvc repro` would run now."""
        # In this process, as DVC takes longer to start.
        with chdir(self.folder), Repo() as repo:
            return [stage.name for stage in repo.reproduce(dry=True)]


def make_tiny(project: Project) -> None:
    """Copy the project, and let a few rungs learn for an epoch on a few small photos."""
    copy_project(project.folder, PROJECT)
    project.run("git", "init", "-q")
    project.dvc("init", "-q")
    copy_project(project.folder, (".dvc/config", ".dvc/plots.html"))
    params = keep_rungs(project.folder, RUNGS)
    params["fetch"]["demo"] = {"photos": 24, "size": 96}
    params["pixels"]["size"] = 64
    params["report"]["grid_photos"] = 4
    params["train"]["shared"] |= {"device": "cpu", "batch_size": 8, "min_epoch_steps": 1}
    for rung in RUNGS:
        params["train"][rung] |= {"image_size": 64, "train_size": 64}
        params["train"][rung]["head"]["epochs"] = 1
        params["train"][rung]["late"]["epochs"] = 0
    YAML().dump(params, project.folder / "params.yaml")
    project.run("git", "add", ".")
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    project.run("git", *who, "commit", "-qm", "start")


def copy_project(folder: Path, names: Iterable[str]) -> None:
    """Copy files and folders of this project."""
    for name in names:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def keep_rungs(folder: Path, kept: Iterable[str]) -> dict:
    """Undo for the other rungs what README says of adding one; return the parameters that stay."""
    yaml = YAML()
    params = yaml.load((folder / "params.yaml").read_text())
    graph = yaml.load((folder / "dvc.yaml").read_text())
    fields = folder / "pipeline/params/train.py"
    for rung in [name for name in params["train"] if name not in ("shared", *kept)]:
        del params["train"][rung]
        for part in graph["vars"]:
            part.get("rungs", {}).pop(rung, None)
        fields.write_text(re.sub(rf"    {rung}: \w+\n", "", fields.read_text()))
    yaml.dump(params, folder / "params.yaml")
    yaml.dump(graph, folder / "dvc.yaml")
    return params


def stages_in(printed: str) -> list[str]:
    """Return the stages that DVC ran."""
    lines = [line for line in printed.splitlines() if line.startswith("Running stage")]
    return [line.split("'")[1] for line in lines]
