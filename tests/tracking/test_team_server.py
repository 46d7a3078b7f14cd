"""Two people and a machine log to one server with PostgreSQL and passwords."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from mlflow.tracking import MlflowClient

from pipeline.tracking.mlflow_store import EXPERIMENT
from stages import track
from tests.conftest import ROOT
from tests.mlflow_store import give_store, runs_of
from tests.stages.ladder_tree import make_tree
from tests.team_server import ADMIN, TeamServer, team_server

pytestmark = pytest.mark.slow

ANN, BOB = ("ann", "ann's, /password?#@1"), ("bob", "bobs-password-2")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TeamServer]:
    with team_server(tmp_path_factory.mktemp("team")) as server:
        for user, password in (ANN, BOB):
            requests.post(
                f"http://{server.host}/api/2.0/mlflow/users/create",
                json={"username": user, "password": password},
                auth=(ADMIN, server.password),
                timeout=60,
            ).raise_for_status()
        yield server


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project folder."""
    for name in ("DVC_ROOT", "DVC_EXP_NAME", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.argv", ["track"])
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def log_as(monkeypatch: pytest.MonkeyPatch, server: TeamServer, user: str, password: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{server.host}")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", user)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
    track.main()


def test_two_people_log_to_one_experiment(
    team: TeamServer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for (user, password), rungs in ((ANN, ("bbox",)), (BOB, ("bbox", "ssd_fpn"))):
        (project / user).mkdir()
        shutil.copy(project / "params.yaml", project / user)
        monkeypatch.chdir(make_tree(project / user, rungs))
        log_as(monkeypatch, team, user, password)
    client = MlflowClient(f"http://{team.host}")
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name.partition(" ")[0] for run in runs) == ["bbox", "ssd_fpn"]
    assert all(run.info.artifact_uri.startswith("mlflow-artifacts:/") for run in runs)
    (picture,) = client.list_artifacts(runs[0].info.run_id, "pictures")
    saved = Path(client.download_artifacts(runs[0].info.run_id, picture.path, str(project)))
    assert saved.read_bytes()[1:4] == b"PNG"
    assert not list(project.glob("*/mlflow.db"))


@pytest.mark.parametrize("user", [ANN[0], "nobody"])
def test_a_wrong_password_is_one_line_and_the_result_is_kept_here(
    team: TeamServer,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    user: str,
) -> None:
    make_tree(give_store(project), ("classifier",))
    log_as(monkeypatch, team, user, "guessed-in-vain")
    err = capsys.readouterr().err
    assert f"MLflow at http://{team.host} is out of reach" in err
    assert "guessed-in-vain" not in err and "Traceback" not in err
    assert len(runs_of(project)) == 1
