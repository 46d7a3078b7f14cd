"""A real server with faults: one line, the local store, and finally one run per result."""

from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from PIL import Image

from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.mlflow_store import EXPERIMENT
from pipeline.tracking.sqlite_store import local_store
from pipeline.tracking.stores import choice
from pipeline.tracking.stores.choice import owner, track_results
from pipeline.tracking.stores.forward import WAITING
from tests.mlflow_server import mlflow_server
from tests.mlflow_store import give_store, runs_of
from tests.tracking.stores.faulty_server import Faults, Proxy

pytestmark = pytest.mark.slow  # the server takes half a minute to start


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    with mlflow_server(give_store(tmp_path_factory.mktemp("server"))) as server:
        proxy = Proxy(server.port)
        yield proxy
        proxy.shutdown()
        proxy.server_close()


@pytest.fixture
def server(proxy, monkeypatch, request) -> MlflowClient:
    """A client of the server, with a fresh experiment."""
    proxy.faults = Faults()
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    return MlflowClient(f"http://127.0.0.1:{proxy.port}")


@pytest.fixture
def root(tmp_path) -> Path:
    return give_store(tmp_path)


def results(root: Path, *numbers: int) -> list[Result]:
    """Return results with pictures, a curve and a folder."""
    picture = root / "grid.png"
    Image.new("RGB", (4, 3)).save(picture)
    (root / "folder").mkdir(exist_ok=True)
    (root / "folder" / "a.txt").write_text("a")
    history = [{"epoch": epoch, "loss": 1 / epoch} for epoch in range(1, 4)]
    return [
        Result(
            rung="bbox",
            fingerprint=f"{number:064x}",
            name=f"result {number}",
            params={"lr": 0.1},
            metrics={"val/mean_iou": 0.5 + number},
            history=history,
            datasets={"data/pixels": "0123456789abcdef0123456789abcdef.dir"},
            pictures=[picture],
            folders={"folder": root / "folder"},
            seconds=60,
        )
        for number in numbers
    ]


def runs(client: MlflowClient, name: str) -> list:
    experiment = client.get_experiment_by_name(name)
    return client.search_runs([experiment.experiment_id]) if experiment else []


def names(client: MlflowClient, name: str) -> list[str]:
    """Return the names of the runs that are not deleted; fail if one is unfinished."""
    found = runs(client, name)
    assert {run.info.status for run in found} <= {"FINISHED"}
    return sorted(run.info.run_name for run in found)


def local_names(root: Path, name: str) -> list[str]:
    return names(MlflowClient(local_store(root)), name)


def one_line(capsys) -> str:
    lines = capsys.readouterr().err.splitlines()
    line, *others = [one for one in lines if not one.startswith("MLflow:")]  # progress
    assert others == []
    assert line.startswith("warning: MLflow at ") and "logging to sqlite" in line
    return line


FAULTS = {
    "dies in the middle": Faults(dies_after=4),
    "refuses artifacts": Faults(refuses_artifacts=True),
    "wrong password": Faults(status=401),
    "broken": Faults(status=503),
    "dead": Faults(dies_after=-1),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_and_the_server_healed(kind, server, proxy, root, capsys, request):
    name = request.node.name
    proxy.faults = FAULTS[kind]
    uri = proxy.uri.replace("//", "//me:secret@")
    outcomes = track_results(results(root, 1, 2), root, uri)
    assert {outcome.store for outcome in outcomes} == {local_store(root)}
    assert "secret" not in one_line(capsys)
    assert local_names(root, name) == ["result 1", "result 2"]
    proxy.faults = Faults()
    # Meanwhile the parameters have changed: the results of before are no longer at hand.
    (outcome,) = track_results(results(root, 3), root, uri)
    assert outcome.store == uri
    assert names(server, name) == ["result 1", "result 2", "result 3"]
    assert "MLflow: 2 runs sent" in capsys.readouterr().out
    track_results(results(root, 3), root, uri)
    assert names(server, name) == ["result 1", "result 2", "result 3"]
    assert "runs sent" not in capsys.readouterr().out


def test_what_is_sent_is_all_there(server, proxy, root, request):
    name = request.node.name
    proxy.faults = Faults(status=503)
    track_results(results(root, 1), root, proxy.uri)
    proxy.faults = Faults()
    track_results([], root, proxy.uri)
    (here,), (there,) = runs(MlflowClient(local_store(root)), name), runs(server, name)
    assert there.data.params == here.data.params == {"lr": "0.1"}
    assert there.data.metrics == here.data.metrics
    assert len(server.get_metric_history(there.info.run_id, "while_training/loss")) == 3
    assert there.info.end_time - there.info.start_time >= 60_000
    assert WAITING not in here.data.tags and WAITING not in there.data.tags
    assert there.data.tags["fingerprint"] == here.data.tags["fingerprint"]
    (data,) = there.inputs.dataset_inputs
    assert data.dataset.name == "data/pixels"
    paths = [file.path for file in server.list_artifacts(there.info.run_id)]
    assert {"folder", "pictures"} <= set(paths)
    assert [file.path for file in server.list_artifacts(there.info.run_id, "folder")] == [
        "folder/a.txt"
    ]


def test_a_slow_server_gets_its_time_and_no_more(server, proxy, root, capsys, monkeypatch, request):
    monkeypatch.setenv("LADDER_MLFLOW_SECONDS", "3")
    proxy.faults = Faults(seconds=0.8)
    track_results(results(root, 1), root, proxy.uri)
    assert "it takes more than 3 s" in one_line(capsys)
    assert local_names(root, request.node.name) == ["result 1"]
    proxy.faults = Faults()
    track_results(results(root, 1), root, proxy.uri)
    assert names(server, request.node.name) == ["result 1"]


def test_a_silent_server_in_the_middle(server, proxy, root, capsys, monkeypatch, request):
    track_results(results(root, 1), root, proxy.uri)
    monkeypatch.setenv("LADDER_MLFLOW_SECONDS", "2")
    monkeypatch.setattr(choice, "probe", lambda uri: None)
    monkeypatch.setattr(choice, "_SECONDS_TO_DROP", 1.0)
    proxy.faults = Faults(seconds=600)
    track_results(results(root, 2), root, proxy.uri)
    assert "it takes more than 2 s" in one_line(capsys)
    assert local_names(root, request.node.name) == ["result 2"]


def test_a_process_killed_in_the_middle_is_replaced_at_once(server, proxy, root, request):
    (result,) = results(root, 1)
    mine = server.create_experiment(request.node.name)
    tags = {"fingerprint": result.fingerprint, "logged": "9" * 13}  # by a clock of the future
    server.create_run(mine, tags=tags | {"project": owner(root)}, run_name="mine")
    server.create_run(mine, tags=tags | {"project": "another"}, run_name="another machine's")
    track_results(results(root, 1), root, f"http://127.0.0.1:{proxy.port}")
    found = {run.info.run_name: run.info.status for run in runs(server, request.node.name)}
    assert found == {"another machine's": "RUNNING", "result 1": "FINISHED"}


def test_without_a_server_nothing_waits(root, monkeypatch):
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    track_results(results(root, 1), root)
    (run,) = runs_of(root)
    assert WAITING not in run.data.tags and run.data.tags["project"] == owner(root)
    assert MlflowClient(local_store(root)).get_experiment_by_name(EXPERIMENT)
