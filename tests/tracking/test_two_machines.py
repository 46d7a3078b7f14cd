"""Two clones log to one server at the same moment."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from pipeline.tracking.mlflow_store import EXPERIMENT
from tests.conftest import ROOT
from tests.mlflow_server import mlflow_server
from tests.stages.ladder_tree import make_tree

pytestmark = pytest.mark.slow

_MACHINES = {"ann": ("bbox",), "bob": ("bbox", "ssd_fpn")}


def track_in(project: Path, uri: str) -> subprocess.Popen:
    removed = ("DVC_ROOT", "DVC_EXP_NAME", "MLFLOW_EXPERIMENT_NAME")
    environment = {key: value for key, value in os.environ.items() if key not in removed}
    environment |= {"MLFLOW_TRACKING_URI": uri, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "stages.track"]
    return subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_each_result_is_there_once_whoever_was_first(tmp_path):
    projects = []
    for name, rungs in _MACHINES.items():
        (tmp_path / name).mkdir()
        shutil.copy(ROOT / "params.yaml", tmp_path / name)
        projects.append(make_tree(tmp_path / name, rungs))
    (tmp_path / "server").mkdir()
    with mlflow_server(tmp_path / "server") as server:
        both = [track_in(project, server.uri) for project in projects]
        outputs = [process.communicate(timeout=300)[0].decode() for process in both]
        assert [process.returncode for process in both] == [0, 0], outputs
        client = MlflowClient(server.uri)
        experiment = client.get_experiment_by_name(EXPERIMENT)
        runs = client.search_runs([experiment.experiment_id])
        assert sorted(run.data.tags["rung"] for run in runs) == ["bbox", "ssd_fpn"], outputs
        assert {run.info.status for run in runs} == {"FINISHED"}
    assert not any((project / "mlflow.db").exists() for project in projects), outputs
