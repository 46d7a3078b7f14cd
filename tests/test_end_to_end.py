"""The whole ladder in a scratch project: real photos are painted, real stages run under DVC."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
DVC_YAML = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
FAMILY_OF = {
    rung: entry["family"]
    for part in DVC_YAML["vars"]
    for rung, entry in part.get("rungs", {}).items()
}
FAMILIES = set(FAMILY_OF.values())
RUNGS = tuple(FAMILY_OF)
PROJECT = ("pipeline", "stages", "photos", "dvc.yaml", "params.yaml", ".dvcignore", ".gitignore")
# What only speaks to people, lists files or families, or checks what DVC tracks by value: an edit
# changes no result.
NO_DEPENDENCY = {
    "pipeline/reading/address.py",
    "pipeline/reading/array_file.py",
    "pipeline/reading/damage.py",
    "pipeline/__init__.py",  # offers names; a stage imports what is behind them itself
    "pipeline/errors.py",
    "pipeline/exit_codes.py",
    "pipeline/files.py",
    "pipeline/params/__init__.py",
    "pipeline/params/fetch.py",
    "pipeline/params/params.py",
    "pipeline/params/section.py",
    "pipeline/params/train.py",
    "pipeline/yaml_file.py",
    "pipeline/reading/yaml_limits.py",
    "pipeline/processes.py",
    "pipeline/progress.py",
    "pipeline/models/device.py",
    "pipeline/rungs/registry.py",
    "pipeline/memory.py",
    "pipeline/train/training_log.py",
    "pipeline/repair/finished_training.py",
    "pipeline/repair/lock_copy.py",
    "stages/__init__.py",
    "stages/entry.py",
}
# What a stage must not import, so that it starts at once and its results depend on little.
NOT_IMPORTED = {
    "fetch": {"torch", "mlflow"},
    "tables": {"torch", "mlflow"},
    "pixels": {"mlflow"},
    "train": {"mlflow", "matplotlib", "pipeline.evaluate", "pipeline.report"},
    "predict": {"mlflow", "matplotlib", "pipeline.train", "pipeline.evaluate"},
    "evaluate": {"torch", "mlflow", "matplotlib"},
    "report": {"torch", "mlflow"},
    "track": {"torch"},
}
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
        lines = self.dvc("repro", "--dry").splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage")]


def make_tiny(project: Project) -> None:
    """Copy the project, and let every rung learn for an epoch on a few small photos."""
    for name in PROJECT:
        source, target = ROOT / name, project.folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    project.set("fetch.demo.photos", 24)
    project.set("train.shared.device", "cpu")
    project.set("train.shared.batch_size", 8)
    project.set("train.shared.min_epoch_steps", 1)
    for rung in RUNGS:
        project.set(f"train.{rung}.head.epochs", 1)
        project.set(f"train.{rung}.late.epochs", 0)
    project.run("git", "init", "-q")
    project.dvc("init", "-q")
    for name in ("config", "plots.html"):
        shutil.copy(ROOT / ".dvc" / name, project.folder / ".dvc" / name)
    project.run("git", "add", ".")
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    project.run("git", *who, "commit", "-qm", "start")


def what_makes_what_stale() -> list[tuple[str, list[str]]]:
    """Return file and stages of each row of the table in docs/architecture.md that names a file."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\|[^|]*`((?:pipeline|stages)/[\w/]+\.py)`[^|]*\|([^|]*)\|", text, re.M)
    return [(file, re.findall(r"`([^`]+)`", stages)) for file, stages in rows]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose ladder has run once; `first` is what it printed."""
    made = Project(tmp_path_factory.mktemp("ladder"))
    make_tiny(made)
    made.first = made.dvc("repro")
    return made


def test_rungs_run_in_the_order_of_the_ladder(project: Project) -> None:
    stages = [
        line for line in project.first.splitlines() if line.startswith("Running stage 'train")
    ]
    assert [line.split("@")[1].rstrip("':") for line in stages] == list(RUNGS)


def test_first_run_ends_with_a_row_for_each_rung(project: Project) -> None:
    table = project.first[project.first.rindex("Running stage 'track'") :]
    assert all(rung in table for rung in RUNGS)


def test_each_rung_leaves_model_predictions_metrics_and_pictures(project: Project) -> None:
    for rung in RUNGS:
        assert (project.folder / "models" / rung / "model.safetensors").stat().st_size > 1e6
        history = (project.folder / "models" / rung / "history.jsonl").read_text().splitlines()
        assert [json.loads(row)["epoch"] for row in history] == [1]
        assert (project.folder / "predictions" / f"{rung}.parquet").is_file()
        assert (project.folder / "figures" / rung / "val_grid.png").read_bytes()[1:4] == b"PNG"
        values = json.loads((project.folder / "metrics" / f"{rung}.json").read_text())
        assert all(0 <= value < 128 for value in values[rung]["val"].values())


def test_deps_in_dvc_yaml_cover_what_stages_import(project: Project) -> None:
    stages = YAML(typ="safe").load((project.folder / "dvc.lock").read_text())["stages"]
    checked = 0
    for name, entry in stages.items():
        if name == "track":  # always runs
            continue
        deps = [item["path"] for item in entry["deps"]]
        rung = name.partition("@")[2]
        other_families = {f"pipeline/rungs/{family}/" for family in FAMILIES} - {
            f"pipeline/rungs/{FAMILY_OF.get(rung)}/"
        }
        imported = {
            file
            for file in project.noted_of(entry)["files"]
            if not is_only_a_docstring(project.folder / file)
            and not any(file.startswith(family) for family in other_families)
        }
        covered = {file for file in imported if any(_holds(dep, file) for dep in deps)}
        assert imported - covered - NO_DEPENDENCY == set(), name
        code = {dep for dep in deps if dep.startswith(("pipeline", "stages"))}
        unused = {dep for dep in code if not any(_holds(dep, file) for file in imported)}
        assert unused == set(), f"{name} imports nothing of these"
        checked += 1
    assert checked == 3 + 3 * len(RUNGS) + 1


def _holds(dep: str, file: str) -> bool:
    return file == dep or file.startswith(f"{dep}/")


def test_stages_import_no_more_than_they_need(project: Project) -> None:
    stages = YAML(typ="safe").load((project.folder / "dvc.lock").read_text())["stages"]
    for name, entry in stages.items():
        modules = set(project.noted_of(entry)["modules"])
        # A new result is logged by MLflow, which may import torch to say which version is there.
        banned = set() if name == "track" else NOT_IMPORTED[name.partition("@")[0]]
        assert modules & banned == set(), name


def is_only_a_docstring(path: Path) -> bool:
    return path.name == "__init__.py" and path.read_text().rstrip().endswith('"""')


def test_second_repro_runs_track_alone_and_logs_nothing_anew(project: Project) -> None:
    before = sorted(project.mlflow_runs())
    assert before == sorted(RUNGS)
    printed = project.dvc("repro")
    running = [line for line in printed.splitlines() if line.startswith("Running stage")]
    assert running == ["Running stage 'track':"]
    assert sorted(project.mlflow_runs()) == before


def test_a_rungs_parameter_retrains_that_rung_alone(project: Project) -> None:
    project.set("train.ssd_fpn.box_weight", 3.0)
    assert project.would_run() == ["train@ssd_fpn", "track"]  # a dry run follows no outputs
    project.set("train.ssd_fpn.box_weight", 2.0)
    assert project.would_run() == ["track"]


@pytest.mark.parametrize(("file", "expected"), what_makes_what_stale())
def test_an_edit_runs_what_the_documents_say(
    project: Project, file: str, expected: list[str]
) -> None:
    stages = project.would_run_after_an_edit(file)
    unexpected = [s for s in stages if not any(fnmatch(s, pattern) for pattern in expected)]
    assert unexpected == []
    unmet = [pattern for pattern in expected if not any(fnmatch(s, pattern) for s in stages)]
    assert unmet == []


def test_a_metric_that_changes_trains_and_predicts_nothing(project: Project) -> None:
    path = project.folder / "pipeline" / "evaluate" / "largest.py"
    text = path.read_text()
    path.write_text(text + "\n# an edit\n")
    printed = project.dvc("repro")
    path.write_text(text)
    running = [line.split("'")[1] for line in printed.splitlines() if line.startswith("Running")]
    assert {name.partition("@")[0] for name in running} == {"evaluate", "report", "track"}
    for name in ("stages.evaluate-bbox", "stages.report"):
        noted = json.loads((project.noted / f"{name}.json").read_text())
        assert "torch" not in noted["modules"]
    project.dvc("repro")


def test_a_parameter_of_the_report_redraws_and_evaluates_nothing(project: Project) -> None:
    project.set("report.grid_photos", 3)
    assert project.would_run() == ["report", "track"]
    project.set("report.grid_photos", 12)
    assert project.would_run() == ["track"]


def test_metrics_and_plots_show(project: Project) -> None:
    shown = project.dvc("metrics", "show")
    assert "classifier.val.accuracy" in shown and "ssd_fpn.val.voc_map_50" in shown
    page = Path(project.dvc("plots", "show").strip().splitlines()[-1].removeprefix("file://"))
    text = page.read_text()
    assert "plots/history/bbox.csv" in text and "val_grid.png" in text


def test_unknown_parameter_ends_in_one_line_and_loses_nothing(project: Project) -> None:
    path = project.folder / "params.yaml"
    text = path.read_text()
    path.write_text(text.replace("  seed: 42  ", "  sede: 43  ", 1))
    printed = project.dvc("repro", succeeds=False)
    path.write_text(text)
    errors = [line for line in printed.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert "params.yaml" in errors[0] and "unknown parameter fetch.sede" in errors[0]
    assert "Traceback" not in printed
    assert (project.folder / "data" / "source" / "annotations.json").is_file()


def test_a_training_that_fails_leaves_what_was_there(project: Project) -> None:
    kept = [project.folder / "models" / "classifier" / "model.safetensors"]
    kept += [project.folder / "metrics" / "classifier.json"]
    before = [path.read_bytes() for path in kept]
    project.set("train.shared.weights", "nowhere.pth")
    printed = project.dvc("repro", succeeds=False)
    project.set("train.shared.weights", "bundled")
    assert "error: train.shared.weights = nowhere.pth: no such file; " in printed
    assert [path.read_bytes() for path in kept] == before
    project.set("predict.nms_threshold", 1.5)
    assert "predict.nms_threshold" in project.dvc("repro", succeeds=False)
    project.set("predict.nms_threshold", 0.5)
    assert [path.read_bytes() for path in kept] == before
    assert project.would_run() == ["track"]


def test_exp_run_sets_a_parameter_and_logs_one_more_run(project: Project) -> None:
    before = project.mlflow_runs()
    printed = project.dvc("exp", "run", "-S", "train.bbox.head.lr=2e-4", "--name", "slower")
    running = [line for line in printed.splitlines() if line.startswith("Running stage")]
    names = [line.split("'")[1] for line in running]
    assert names == ["train@bbox", "predict@bbox", "evaluate@bbox", "report", "track"]
    assert sorted(project.mlflow_runs()) == sorted([*before, "bbox"])
