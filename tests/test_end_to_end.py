"""A ladder in a scratch project: real photos are painted, real stages run under DVC."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML

from pipeline.side_by_side.plan import read_plan
from tests.conftest import ROOT
from tests.tiny_ladder import RUNGS, Project, make_tiny, stages_in
from tests.warm_python import warm_python

pytestmark = pytest.mark.slow

DVC_YAML = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
FAMILY_OF = {
    rung: entry["family"]
    for part in DVC_YAML["vars"]
    for rung, entry in part.get("rungs", {}).items()
}
FAMILIES = set(FAMILY_OF.values())
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


def what_makes_what_stale() -> list[tuple[str, list[str]]]:
    """Return file and stages of each row of the table in docs/architecture.md that names a file."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\|[^|]*`((?:pipeline|stages)/[\w/]+\.py)`[^|]*\|([^|]*)\|", text, re.M)
    return [(file, re.findall(r"`([^`]+)`", stages)) for file, stages in rows]


def of_each_rung(stages: list[str]) -> list[str]:
    """Return stages with those of the rungs that the scratch project lacks.

    dvc.yaml tells the rungs of a family apart by their names alone.
    """
    family_of = {stage: FAMILY_OF.get(stage.partition("@")[2]) for stage in stages}
    others = {
        f"{stage.partition('@')[0]}@{rung}"
        for stage, family in family_of.items()
        for rung in FAMILY_OF
        if rung not in RUNGS and FAMILY_OF[rung] == family
    }
    return [*stages, *sorted(others)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose ladder has run once; `first` is what it printed."""
    folder = tmp_path_factory.mktemp("ladder")
    made = Project(folder)
    make_tiny(made)
    made.first = made.dvc("repro")
    with warm_python(folder) as python:  # from now on nobody asks what a stage imports
        made.environment["PATH"] = f"{python}{os.pathsep}{made.environment['PATH']}"
        yield made


def test_rungs_run_in_the_order_of_the_ladder(tmp_path: Path, monkeypatch) -> None:
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True).close()
    trainings = [stage for stage in read_plan([]).order if stage.startswith("train@")]
    assert trainings == [f"train@{rung}" for rung in FAMILY_OF]


def test_what_a_stage_has_made_outlives_its_failures() -> None:
    """DVC deletes the outputs of a stage before it runs unless they are `persist`."""
    for stage in DVC_YAML["stages"].values():
        stage = stage.get("do", stage)
        for out in [*stage.get("outs", []), *stage.get("metrics", [])]:
            assert all(options["persist"] for options in out.values()), out


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
        assert modules & NOT_IMPORTED[name.partition("@")[0]] == set(), name


def is_only_a_docstring(path: Path) -> bool:
    return path.name == "__init__.py" and path.read_text().rstrip().endswith('"""')


def test_second_repro_runs_track_alone_and_logs_nothing_anew(project: Project) -> None:
    before = sorted(project.mlflow_runs())
    assert before == sorted(RUNGS)
    printed = project.dvc("repro")
    assert stages_in(printed) == ["track"]
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
    stages = of_each_rung(project.would_run_after_an_edit(file))
    unexpected = [s for s in stages if not any(fnmatch(s, pattern) for pattern in expected)]
    assert unexpected == []
    unmet = [pattern for pattern in expected if not any(fnmatch(s, pattern) for s in stages)]
    assert unmet == []


def test_a_metric_that_changes_trains_and_predicts_nothing(project: Project) -> None:
    path = project.folder / "pipeline" / "evaluate" / "largest.py"
    lock = project.folder / "dvc.lock"
    text, locked = path.read_text(), lock.read_text()
    path.write_text(text + "\n# an edit\n")
    printed = project.dvc("repro", "evaluate@bbox")
    path.write_text(text)
    lock.write_text(locked)  # of the same outputs, as no figure has changed
    assert stages_in(printed) == ["evaluate@bbox"]


def test_a_parameter_of_the_report_redraws_and_evaluates_nothing(project: Project) -> None:
    project.set("report.grid_photos", 3)
    assert project.would_run() == ["report", "track"]
    project.set("report.grid_photos", 4)
    assert project.would_run() == ["track"]


def test_metrics_and_plots_show(project: Project) -> None:
    shown = project.dvc("metrics", "show")
    assert "bbox.val.l1_px" in shown and "ssd_fpn.val.voc_map_50" in shown
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
    assert project.would_run() == ["track"]


def test_exp_run_sets_a_parameter_and_logs_one_more_run(project: Project) -> None:
    before = project.mlflow_runs()
    printed = project.dvc("exp", "run", "-S", "train.bbox.head.lr=2e-4", "--name", "slower")
    assert stages_in(printed) == ["train@bbox", "predict@bbox", "evaluate@bbox", "report", "track"]
    assert sorted(project.mlflow_runs()) == sorted([*before, "bbox"])
