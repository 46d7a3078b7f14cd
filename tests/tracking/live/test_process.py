"""The process next to a training, with real stores: SQLite, and a server that hangs and dies."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock, Timeout
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from pipeline.tracking.live import process
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.mlflow_store import EXPERIMENT
from pipeline.tracking.sqlite_store import local_store
from pipeline.tracking.stores.choice import track_results
from tests.mlflow_server import RunningServer, free_port, running
from tests.mlflow_store import client_of, give_store, runs_of
from tests.tracking.live.making import HISTORY, TRAINING, Told, until


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    for name in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    return give_store(tmp_path)


def result(training: str = TRAINING, number: int = 1) -> Result:
    return Result(
        "ssd_fpn",
        f"{number:064x}",
        name="its result",
        seconds=60.0,
        training=training,
        metrics={"val/voc_map_50": 0.5},
        history=HISTORY,
    )


def epochs_of(client: MlflowClient, run: Run) -> list[int]:
    metrics = client.get_metric_history(run.info.run_id, "while_training/train/loss")
    return [metric.step for metric in metrics]


def runs_so_far(root: Path) -> list[Run]:
    """Return the runs; none without an experiment."""
    found = client_of(root).get_experiment_by_name(EXPERIMENT)
    return runs_of(root) if found else []


def has_epochs(root: Path, epochs: list[int]) -> bool:
    runs = runs_so_far(root)
    return bool(runs) and epochs_of(client_of(root), runs[-1]) == epochs


@pytest.mark.slow
def test_epochs_come_live_and_track_goes_on_in_the_same_run(root):
    told = Told(root)
    told.tell(1, 2)
    until(lambda: has_epochs(root, [1, 2]))
    (live,) = runs_of(root)
    assert (live.info.status, live.data.tags["rung"]) == ("RUNNING", "ssd_fpn")
    assert live.info.run_name.startswith("ssd_fpn · ") and "fingerprint" not in live.data.tags
    track_results([Result("bbox", "b" * 64)], root)  # of another rung, meanwhile
    assert client_of(root).get_run(live.info.run_id).info.status == "RUNNING"
    until(lambda: "system/cpu_utilization_percentage" in metrics_of(root, live))
    told.tell(3)
    assert told.finish() == ""
    (outcome,) = track_results([result()], root)
    assert (outcome.run_id, outcome.new) == (live.info.run_id, True)
    run = client_of(root).get_run(outcome.run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "its result")
    assert run.info.end_time - run.info.start_time == 60_000
    assert epochs_of(client_of(root), run) == [1, 2, 3, 4, 5]
    assert run.data.metrics["val/voc_map_50"] == 0.5
    assert "system/cpu_utilization_percentage" in run.data.metrics
    assert not [tag for tag in run.data.tags if tag.startswith("live.")]
    assert len(runs_of(root)) == 2
    assert not track_results([result()], root)[0].new


def metrics_of(root: Path, run: Run) -> dict[str, float]:
    return client_of(root).get_run(run.info.run_id).data.metrics


@pytest.mark.slow
def test_a_stopped_training_goes_on_in_its_run_and_a_dead_one_is_ended(root):
    told = Told(root)
    told.tell(1)
    until(lambda: has_epochs(root, [1]))
    assert told.stop() == ""
    (run,) = runs_of(root)
    assert run.info.status == "KILLED"

    resumed = Told(root)
    resumed.tell(1, 2)  # the first once more, as its checkpoint is gone
    until(lambda: has_epochs(root, [1, 2]))
    (again,) = runs_of(root)
    assert (again.info.run_id, again.info.status) == (run.info.run_id, "RUNNING")
    resumed.process.send_signal(signal.SIGKILL)
    resumed.stop()
    assert runs_of(root)[0].info.status == "RUNNING"

    track_results([Result("bbox", "b" * 64)], root)
    (bbox,) = track_results([Result("bbox", "b" * 64)], root)
    assert {one.info.run_id: one.info.status for one in runs_of(root)} == {
        run.info.run_id: "KILLED",
        bbox.run_id: "FINISHED",
    }


def test_a_store_is_opened_under_its_lock(root, monkeypatch):
    """Opening creates the tables; two that do so at once, as with two trainings, break them."""

    class Opened(Exception):
        pass

    def open_client(uri: str) -> None:
        with pytest.raises(Timeout):
            FileLock(root / "mlflow.db.lock").acquire(timeout=0)
        raise Opened

    monkeypatch.setattr(process, "open_client", open_client)
    with pytest.raises(Opened):
        lines = SimpleNamespace(over=False)
        process.follow(lines, "ssd_fpn", TRAINING, root, local_store(root))


def test_nothing_is_begun_for_a_training_that_is_over(root):
    told = Told(root)
    told.tell(1, 2, 3, 4, 5)
    assert told.finish() == ""
    assert runs_so_far(root) == []


@pytest.mark.parametrize("uri", ["http://me:secret@127.0.0.1:9", "nonsense://x"])
def test_a_store_out_of_reach_is_one_line(root, uri):
    told = Told(root, uri)
    told.tell(1)
    told.process.wait(600)  # although the training goes on
    said = told.stop()
    assert (
        said.startswith("warning: ssd_fpn: no live curves in MLflow at ") and "secret" not in said
    )
    assert said.endswith("; `track` logs them after the training\n") and said.count("\n") == 1
    assert told.process.returncode == 0


def test_a_server_that_never_answers_is_one_line(root):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = Told(root, f"http://127.0.0.1:{silent.getsockname()[1]}")
        told.tell(1)
        told.process.wait(600)
        said = told.stop()
    assert "no live curves" in said and said.count("\n") == 1


@pytest.fixture
def mlflow_server(root) -> Iterator[RunningServer]:
    """Yield MLflow's own server, with a store next to that of the project."""
    port = free_port()
    words = ["-m", "mlflow", "server", "--workers", "1", "--port", str(port)]
    words += ["--backend-store-uri", f"sqlite:///{root}/server.db"]
    words += ["--artifacts-destination", str(root / "artifacts")]
    lean = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    (root / "server.db").write_bytes((root / "mlflow.db").read_bytes())
    command = [sys.executable, *words]
    with running(command, port, root / "server.log", {**os.environ, **lean}) as server:
        yield server


@pytest.mark.slow
def test_a_server_that_hangs_and_one_that_dies_on_the_way(root, mlflow_server):
    process, uri = mlflow_server.process, mlflow_server.uri
    client = MlflowClient(uri)

    def live_epochs() -> list[int]:
        found = client.get_experiment_by_name(EXPERIMENT)
        runs = client.search_runs([found.experiment_id]) if found else []
        return epochs_of(client, runs[0]) if runs else []

    told = Told(root, uri, MLFLOW_HTTP_REQUEST_TIMEOUT="2")
    told.tell(1)
    until(lambda: live_epochs() == [1])
    os.killpg(process.pid, signal.SIGSTOP)
    told.tell(2)
    said = told.stop()  # although its input has ended, it ends because the server hangs
    assert said.count("\n") == 1 and "no live curves" in said
    os.killpg(process.pid, signal.SIGCONT)

    told = Told(root, uri, MLFLOW_HTTP_REQUEST_TIMEOUT="2")
    told.tell(1, 2, 3)
    until(lambda: live_epochs()[-1:] == [3])
    assert live_epochs() == [1, 2, 3]
    (outcome,) = track_results([result()], root, uri)
    # It is alive, and shows the same training: its run becomes that of the result.
    assert outcome.new and live_epochs() == [1, 2, 3, 4, 5]
    told.stop()

    other = Told(root, uri, MLFLOW_HTTP_REQUEST_TIMEOUT="2")
    other.tell(1)
    until(lambda: len(client.search_runs(["1"])) == 2)
    os.killpg(process.pid, signal.SIGKILL)
    other.tell(2)
    said = other.stop()
    assert said.count("\n") == 1 and "no live curves" in said
    (local,) = track_results([result()], root, uri)  # to the local store, as ever
    assert local.new and len(runs_of(root)) == 1
