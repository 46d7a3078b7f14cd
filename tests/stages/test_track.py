"""The stage `track` on a small project folder."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.tracking.dvc_lock import read_lock
from pipeline.tracking.mlflow_runs import local_store
from stages import track
from tests.conftest import ROOT
from tests.mlflow_store import client_of, give_store, runs_of
from tests.stages.ladder_tree import RUNGS, make_tree, md5, read_stages, write_lock


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    """A project folder without results, which is the working directory."""
    for name in ("DVC_ROOT", "DVC_EXP_NAME", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.argv", ["track"])
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def collect(rung: str):
    return track.collect(read_lock(Path("dvc.lock")), rung, {})


def test_no_results_are_said_and_make_no_store(project, capsys):
    track.main()
    out = capsys.readouterr().out
    assert [line.split(":")[0] for line in out.splitlines()[:6]] == list(RUNGS)
    assert out.endswith("no results yet: `dvc repro`\n")
    assert not (project / "mlflow.db").exists()


def test_six_rungs_six_runs_and_still_six(project, capsys):
    give_store(make_tree(project))
    track.main()
    first = capsys.readouterr().out
    assert sorted(run.info.run_name for run in runs_of(project)) == sorted(RUNGS)
    track.main()
    second = capsys.readouterr().out
    assert len(runs_of(project)) == 6
    rows = [line for line in second.splitlines() if line.startswith("│")]
    assert [row.split()[1] for row in rows] == list(RUNGS)
    assert (first.count(" new "), second.count(" new "), second.count(" known ")) == (6, 0, 6)
    assert "make ui" in second


def test_a_bad_parameter_stops_before_any_work(project):
    (project / "params.yaml").write_text("nonsense: 1\n")
    make_tree(project)
    with pytest.raises(InputError, match=r"params\.yaml: .*unknown parameter nonsense"):
        track.main()
    assert not (project / "mlflow.db").exists()


def test_the_store_stays_at_the_root_in_a_temporary_experiment(project, monkeypatch, capsys):
    temporary = project / ".dvc" / "tmp" / "exps" / "tmp1"
    temporary.mkdir(parents=True)
    give_store(project)
    make_tree(temporary, ("bbox",))
    shutil.copy(project / "params.yaml", temporary)
    monkeypatch.chdir(temporary)
    monkeypatch.setenv("DVC_ROOT", str(project))
    monkeypatch.setenv("DVC_EXP_NAME", "tidy-mole")
    track.main()
    (run,) = runs_of(project)
    assert run.data.tags["dvc.exp_name"] == "tidy-mole"
    assert run.info.artifact_uri.startswith((project / "mlruns").as_uri())
    pictures = client_of(project).list_artifacts(run.info.run_id, "pictures")
    assert [picture.path for picture in pictures] == ["pictures/val_grid.png"]
    assert sorted(path.name for path in temporary.iterdir()) == sorted(
        ["dvc.lock", "figures", "metrics", "models", "params.yaml"]
    )


def test_what_a_result_says(project):
    make_tree(project, ("combined",), epochs=2)
    (project / "timings").mkdir()
    (project / "timings" / "combined.json").write_text('{"seconds": 61.0, "device": "cuda"}')
    found = collect("combined")
    assert found.params == {
        "fetch.source": "demo",
        "fetch.seed": 42,
        "pixels.size": 160,
        "train.seed": 42,
        "train.device": "auto",
        "train.head.epochs": 3,
        "train.head.lr": 0.001,
        "evaluate.score_threshold": 0.05,
    }
    assert found.metrics == {"val/accuracy": 0.95, "val/l1_px": 8.5, "val/mean_iou": 0.77}
    assert [row["epoch"] for row in found.history] == [1, 2]
    assert found.datasets == {"data/pixels": md5("pixels") + ".dir"}
    assert found.tags["dvc.dep.data/pixels"] == md5("pixels") + ".dir"
    assert (found.tags["seed"], found.tags["device"]) == ("42", "cuda")
    assert found.tags["headline"] == "l1_px 8.500"
    assert [picture.name for picture in found.pictures] == ["val_grid.png"]


def test_missing_values_are_left_out(project):
    make_tree(project, ("bbox",))
    Path("metrics/bbox.json").write_text('{"bbox": {"val": {"l1_px": null}}}')
    found = collect("bbox")
    assert found.metrics == {} and "headline" not in found.tags


def _without(path: str):
    return lambda project: shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()


def _other_metrics(project):
    Path("metrics/bbox.json").write_text("{}")


def _other_model(project):
    stages = read_stages(project)
    stages["train_largest@bbox"]["outs"] = [{"path": "models/bbox", "md5": "0" * 32 + ".dir"}]
    write_lock(project, stages)


def _not_evaluated(project):
    stages = read_stages(project)
    del stages["evaluate_largest@bbox"]
    write_lock(project, stages)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without("dvc.lock"), "not in dvc.lock yet"),
        (_not_evaluated, "not in dvc.lock yet"),
        (_without("models/bbox"), "is not here"),
        (_without("metrics/bbox.json"), "is not here"),
        (_other_metrics, "is not the one in dvc.lock"),
        (_other_model, "evaluated with an older model"),
    ],
)
def test_a_rung_without_a_sound_result_is_skipped_with_the_reason(project, change, reason):
    make_tree(project, ("bbox",))
    assert track.missing_result(read_lock(Path("dvc.lock")), "bbox") is None
    change(project)
    assert reason in track.missing_result(read_lock(Path("dvc.lock")), "bbox")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_damaged_metrics_are_named(project, text):
    make_tree(project, ("bbox",))
    Path("metrics/bbox.json").write_text(text)
    with pytest.raises(InputError, match=r"metrics/bbox\.json: not a JSON object"):
        collect("bbox")


def test_git_tags_outside_git_and_inside(project, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.com")
    assert track.git_tags() == {}
    track._git("init", "--quiet")
    assert track.git_tags() == {}
    track._git("add", "params.yaml")
    track._git("commit", "--quiet", "--message", "first")
    commit = track._git("rev-parse", "HEAD")
    (project / "params.yaml").write_text("changed by an experiment")
    make_tree(project, ("bbox",))
    shutil.rmtree("models")
    shutil.rmtree("figures")
    assert track.git_tags() == {"mlflow.source.git.commit": commit, "git.dirty": "false"}
    (project / "new.py").write_text("")
    assert track.git_tags()["git.dirty"] == "true"


def test_the_user_s_server_is_asked_first(project, monkeypatch, capsys):
    give_store(make_tree(project, ("bbox",)))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    track.main()
    captured = capsys.readouterr()
    assert f"logging to {local_store(project)} instead" in captured.err
    assert "mlflow.db, opened by `make ui`" in captured.out


def test_a_run_with_nothing_new_loads_only_what_the_table_needs():
    code = (
        "import sys, stages.track; "
        "print({'mlflow', 'torch', 'pandas', 'pyarrow', 'urllib.request'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_the_fixture_agrees_with_itself(project):
    make_tree(project, ("bbox",))
    assert json.loads(Path("metrics/bbox.json").read_text())["bbox"]["val"]["l1_px"] == 8.25
