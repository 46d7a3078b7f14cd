"""A team's project made small: a bare repository, a DVC remote, and a ladder of one rung."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from dvc.repo import Repo
from ruamel.yaml import YAML

from pipeline.demo.painter import paint_demo
from pipeline.yaml_file import with_values
from tests.tiny_ladder import copy_project, keep_rungs

RUNG = "classifier"
PHOTOS, VAL = 160, 50
LABELS = Path("photos/set/annotations.json")
PROJECT = ("pipeline", "stages", "commands", ".ci", "profiles", "dvc.yaml", "params.yaml")
PROJECT += (".dvcignore", ".gitignore", ".dvc/config", ".dvc/plots.html")


class Clone:
    """Somebody's working copy, and what commands print in it.

    Args:
        folder: of the copy.
        python: folder of another `python` for our own code, see `warm_python`.
        environment: variables that are set in it.
    """

    def __init__(self, folder: Path, python: Path | None = None, **environment: str):
        self.folder = folder
        path = [*filter(None, [python]), Path(sys.executable).parent, os.environ["PATH"]]
        self.environment = os.environ | {
            "PATH": os.pathsep.join(map(str, path)),
            "DVC_NO_ANALYTICS": "1",
            "OMP_NUM_THREADS": "1",
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "user.name",
            "GIT_CONFIG_VALUE_0": "somebody",
            "GIT_CONFIG_KEY_1": "user.email",
            "GIT_CONFIG_VALUE_1": "somebody@example.org",
        }
        # What CI says of the job that runs these tests.
        job = ("GITHUB_ACTIONS", "GITLAB_CI", "BASE", "BRANCH", "PROMOTE")
        for name in ("COV_CORE_SOURCE", "COVERAGE_PROCESS_START", *job):
            self.environment.pop(name, None)
        self.environment |= environment

    def run(self, *command: str, code: int = 0, **environment: str) -> str:
        """Return all that a command prints; its exit code is asserted."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def git(self, *words: str) -> str:
        """Return what git prints."""
        return self.run("git", *words).strip()

    def dvc(self, *words: str, code: int = 0) -> str:
        """Return what DVC prints."""
        return self.run(sys.executable, "-m", "dvc", *words, code=code)

    @contextmanager
    def repo(self) -> Iterator[Repo]:
        """Work in it with DVC in this process, where what `dvc` prints is not the matter."""
        with chdir(self.folder), Repo() as repo:
            yield repo

    def ladder(self, *words: str, code: int = 0) -> str:
        """Return what a command of ours prints."""
        return self.run("python", "-m", "commands.main", *words, code=code)

    def read_labels(self) -> dict:
        """Return the Pascal JSON of the photos."""
        return json.loads((self.folder / LABELS).read_text())

    def set(self, key: str, value: object) -> None:
        """Change one value of params.yaml."""
        path = self.folder / "params.yaml"
        path.write_text(with_values(path.read_text(), {key: value}))

    def push(self, message: str) -> None:
        """Commit what was changed, and push it."""
        self.git("commit", "--quiet", "--all", "--message", message)
        self.git("push", "--quiet", "origin", "HEAD:main")

    def push_labels(self, labels: dict, message: str) -> None:
        """Change the labels, and push them as people do: with DVC, then with git."""
        path = self.folder / LABELS
        path.unlink()  # DVC made it read-only
        path.write_text(json.dumps(labels))
        with self.repo() as repo:
            repo.add("photos/set")
            repo.push(["photos/set.dvc"])
        self.push(message)


def make_origin(folder: Path, remote: str) -> Path:
    """Return a bare repository of a small ladder whose photos are in a DVC remote.

    Args:
        folder: empty.
        remote: address of the DVC remote.
    """
    origin, first = folder / "origin.git", Clone(folder / "first")
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", origin], check=True)
    subprocess.run(["git", "clone", "--quiet", origin, first.folder], check=True)
    copy_project(first.folder, PROJECT)
    leave_one_rung(first.folder)
    paint_photos(first.folder / "photos/set")
    first.git("add", ".")
    Repo.init(str(first.folder), force=True).close()
    first.git("checkout", "--", ".dvc/config")
    first.git("rm", "-r", "--quiet", "--cached", "photos")
    with first.repo() as repo, repo.config.edit("repo") as config:
        config["core"]["remote"] = "storage"
        config["remote"]["storage"] = {"url": remote}
    with first.repo() as repo:
        repo.add("photos/set")
        repo.push()
    first.git("add", ".")
    first.git("commit", "--quiet", "--message", "A ladder and its photos")
    first.git("push", "--quiet", "origin", "HEAD:main")
    return origin


def clone(origin: Path, folder: Path, python: Path | None = None, **environment: str) -> Clone:
    """Return a new working copy."""
    subprocess.run(["git", "clone", "--quiet", origin, folder], check=True)
    return Clone(folder, python, **environment)


def leave_one_rung(folder: Path) -> None:
    """Take the other rungs away, and let this one learn little."""
    params = keep_rungs(folder, [RUNG])
    params["fetch"] |= {"source": "local", "path": "photos/set", "split": "given"}
    params["train"]["shared"] |= {"device": "cpu", "min_epoch_steps": 1}
    params["train"]["shared"]["precision"] = "float32"
    params["promote"] |= {"tolerance": 0.3, "class_drop": 0.9}
    params["pixels"]["size"] = 64
    params["report"]["grid_photos"] = 4
    params["train"][RUNG] |= {"image_size": 64, "train_size": 64}
    params["train"][RUNG]["head"] |= {"epochs": 8, "lr": 0.01}
    params["train"][RUNG]["late"]["epochs"] = 0
    YAML().dump(params, folder / "params.yaml")


def paint_photos(folder: Path) -> None:
    """Paint labelled photos of val and train."""
    folder.mkdir(parents=True)
    labels = paint_demo(folder, PHOTOS, 96, 1)
    for place, image in enumerate(labels["images"]):
        image["split"] = "val" if place < VAL else "train"
    (folder / "annotations.json").write_text(json.dumps(labels))


def with_shuffled_classes(labels: dict) -> dict:
    """Return labels with chance classes in the photos of train."""
    train = {image["id"] for image in labels["images"] if image["split"] == "train"}
    drawn = random.Random(0)
    classes = [one["id"] for one in labels["categories"]]
    changed = [
        one | {"category_id": drawn.choice(classes)} if one["image_id"] in train else one
        for one in labels["annotations"]
    ]
    return labels | {"annotations": changed}


def without_a_val_label(labels: dict) -> dict:
    """Return labels that lack one object of val."""
    val = {image["id"] for image in labels["images"] if image["split"] == "val"}
    gone = next(one for one in labels["annotations"] if one["image_id"] in val)
    return labels | {"annotations": [one for one in labels["annotations"] if one is not gone]}
