"""The stage `track` on a small project folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.tracking.git_state import run_git
from pipeline.tracking.sqlite_store import local_store
from stages import track
from tests.conftest import ROOT
from tests.mlflow_store import client_of, give_store, runs_of
from tests.stages.ladder_tree import RUNGS, make_tree


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    """A project folder without results, which is the working directory."""
    for name in ("DVC_ROOT", "DVC_EXP_NAME", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.argv", ["track"])
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


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
    names = [run.info.run_name.partition(" · ")[0] for run in runs_of(project)]
    assert sorted(names) == sorted(RUNGS)
    track.main()
    second = capsys.readouterr().out
    assert len(runs_of(project)) == 6
    rows = [line for line in second.splitlines() if line.startswith("│")]
    assert [row.split()[1] for row in rows] == list(RUNGS)
    assert (first.count(" new "), second.count(" new "), second.count(" known ")) == (6, 0, 6)
    assert "make ui" in second


def test_committed_results_that_are_new_to_a_store_of_ones_own_are_explained(
    project, monkeypatch, capsys
):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    give_store(make_tree(project, ("bbox",)))
    run_git("init", "--quiet")
    run_git("add", "dvc.lock")
    who = ("-c", "user.name=tester", "-c", "user.email=tester@example.com")
    run_git(*who, "commit", "--quiet", "--message", "by somebody else")
    line = "results of the commit are new here: each folder has its own store"
    track.main()
    assert line in capsys.readouterr().out
    track.main()
    assert line not in capsys.readouterr().out


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
        ["dvc.lock", "evaluation", "figures", "metrics", "models", "params.yaml", "training"]
    )


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
