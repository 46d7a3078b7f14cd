"""The process next to a training, with real stores: SQLite, and a server that hangs and dies."""

import os
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock, Timeout

from pipeline.tracking.live import process
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.sqlite_store import local_store
from pipeline.tracking.stores.choice import track_results
from tests.mlflow_server import mlflow_server
from tests.mlflow_store import client_of, give_store, runs_of
from tests.tracking.live.making import HISTORY, TRAINING, Told, until


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    for name in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    return give_store(tmp_path)


CPU = "system/cpu_utilization_percentage"
BBOX = Result("bbox", "b" * 64)
RESULT = Result(
    "ssd_fpn",
    "1" * 64,
    name="its result",
    seconds=60.0,
    training=TRAINING,
    metrics={"val/voc_map_50": 0.5},
    history=HISTORY,
)


def steps(folder: Path, metric: str = "while_training/train/loss") -> list[int]:
    """Return the steps of a metric in a folder's store; much sooner than MLflow, to wait for."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as store:
        query = "SELECT step FROM metrics WHERE key = ? ORDER BY step"
        return [step for (step,) in store.execute(query, (metric,))]


def statuses(root: Path) -> dict[str, str]:
    """Return the status of each run, by its id."""
    return {run.info.run_id: run.info.status for run in runs_of(root)}


@pytest.mark.slow
def test_a_training_that_is_stopped_killed_and_finished_is_one_run_from_its_first_epoch(root):
    told = Told(root)
    told.tell(1, 2)
    until(lambda: steps(root) == [1, 2])
    (live,) = runs_of(root)
    assert (live.info.status, live.data.tags["rung"]) == ("RUNNING", "ssd_fpn")
    assert live.info.run_name.startswith("ssd_fpn · ") and "fingerprint" not in live.data.tags
    (bbox,) = track_results([BBOX], root)  # of another rung, meanwhile
    assert statuses(root) == {live.info.run_id: "RUNNING", bbox.run_id: "FINISHED"}
    until(lambda: steps(root, CPU))
    assert told.stop() == ""
    assert statuses(root)[live.info.run_id] == "KILLED"

    told = Told(root)
    told.tell(2, 3)  # the second once more, as its checkpoint is gone
    until(lambda: steps(root) == [1, 2, 3])
    assert statuses(root) == {live.info.run_id: "RUNNING", bbox.run_id: "FINISHED"}
    told.process.send_signal(signal.SIGKILL)
    told.stop()
    assert statuses(root)[live.info.run_id] == "RUNNING"
    assert not track_results([BBOX], root)[0].new
    assert statuses(root)[live.info.run_id] == "KILLED"

    told = Told(root)
    told.tell(4)
    until(lambda: steps(root) == [1, 2, 3, 4])
    assert told.finish() == ""
    assert statuses(root)[live.info.run_id] == "FINISHED"
    (outcome,) = track_results([RESULT], root)
    assert (outcome.run_id, outcome.new) == (live.info.run_id, True)
    run = client_of(root).get_run(outcome.run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "its result")
    assert run.info.end_time - run.info.start_time == 60_000
    assert steps(root) == [1, 2, 3, 4, 5]
    assert run.data.metrics["val/voc_map_50"] == 0.5 and CPU in run.data.metrics
    assert not [tag for tag in run.data.tags if tag.startswith("live.")]
    assert statuses(root) == dict.fromkeys((live.info.run_id, bbox.run_id), "FINISHED")
    assert not track_results([RESULT], root)[0].new


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
    client = client_of(root)
    assert client.search_runs([one.experiment_id for one in client.search_experiments()]) == []


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


@pytest.mark.slow
def test_a_server_that_hangs_and_one_that_dies_on_the_way(root):
    folder = root / "of the server"
    folder.mkdir()
    with mlflow_server(give_store(folder)) as server:
        told = Told(root, server.uri, MLFLOW_HTTP_REQUEST_TIMEOUT="2")
        told.tell(1)
        until(lambda: steps(folder) == [1])
        os.killpg(server.process.pid, signal.SIGSTOP)
        told.tell(2)
        said = told.stop()  # although its input has ended, it ends because the server hangs
        assert said.count("\n") == 1 and "no live curves" in said
        os.killpg(server.process.pid, signal.SIGCONT)

        told = Told(root, server.uri, MLFLOW_HTTP_REQUEST_TIMEOUT="2")
        told.tell(1, 2, 3)
        until(lambda: 3 in steps(folder))
        assert steps(folder) == [1, 2, 3]
        (outcome,) = track_results([RESULT], root, server.uri)
        # It is alive, and shows the same training: its run becomes that of the result.
        assert outcome.new and steps(folder) == [1, 2, 3, 4, 5]
        os.killpg(server.process.pid, signal.SIGKILL)
        told.tell(4)
        said = told.stop()
    assert said.count("\n") == 1 and "no live curves" in said
    (local,) = track_results([RESULT], root, server.uri)  # to the local store, as ever
    assert local.new and len(runs_of(root)) == 1
