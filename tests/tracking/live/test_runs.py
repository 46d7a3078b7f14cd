"""Live runs in a real store: which are alive, which are taken over or deleted."""

import os
import platform
import time

import pytest

from pipeline.tracking.live import runs
from pipeline.tracking.live.runs import (
    become,
    drop_doubles,
    end_abandoned,
    is_alive,
    live_tags,
    runs_of_training,
    show_life,
    take_over,
)
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.sqlite_store import has_live_run, local_store
from pipeline.tracking.stores.choice import track_results
from tests.mlflow_store import client_of, give_store


@pytest.fixture
def store(tmp_path):
    client = client_of(give_store(tmp_path))
    return client, client.create_experiment("detection-ladder", (tmp_path / "mlruns").as_uri())


def begin(store, training="a", **tags) -> str:
    client, experiment = store
    time.sleep(0.002)  # start times have milliseconds
    return client.create_run(experiment, tags=live_tags(training) | tags).info.run_id


HERE = platform.node()
LONG_AGO = {"live.seen": "1000"}


@pytest.mark.parametrize(
    ("tags", "alive"),
    [
        ({}, True),
        ({"live.process": f"{HERE}:{2**22 + 1}"}, False),  # above Linux's highest number
        ({"live.process": f"{HERE}:1"}, True),  # of another user
        ({"live.process": "elsewhere:1"}, True),
        ({"live.process": f"elsewhere:{os.getpid()}", **LONG_AGO}, False),
        (LONG_AGO, False),
    ],
)
def test_who_is_alive(store, tags, alive):
    client, experiment = store
    run_id = begin(store, **tags)
    assert is_alive(client.get_run(run_id)) is alive
    end_abandoned(client, experiment)
    assert client.get_run(run_id).info.status == ("RUNNING" if alive else "KILLED")


def test_one_that_was_only_slow_is_set_going_again(store):
    client, experiment = store
    run_id = begin(store, **LONG_AGO)
    end_abandoned(client, experiment)
    show_life(client, run_id, "a")
    assert is_alive(client.get_run(run_id))


def test_runs_of_others_are_theirs(store):
    client, experiment = store
    run_id = client.create_run(experiment).info.run_id
    end_abandoned(client, experiment)
    assert client.get_run(run_id).info.status == "RUNNING"


def test_the_newest_is_taken_over_and_the_others_go(store):
    client, experiment = store
    begin(store)
    newest, other = begin(store), begin(store, training="b")
    assert take_over(client, experiment, "") is None
    assert take_over(client, experiment, "c") is None
    found = take_over(client, experiment, "a")
    assert found and found.info.run_id == newest
    left = {run.info.run_id for run in client.search_runs([experiment])}
    assert left == {newest, other}
    become(client, newest, "a result", {"rung": "bbox"})
    run = client.get_run(newest)
    assert (run.info.run_name, run.info.status) == ("a result", "RUNNING")
    assert run.data.tags["rung"] == "bbox"
    assert runs_of_training(client, experiment, "a") == []


def test_of_a_known_result_the_live_runs_go(store, tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    client, experiment = store
    track_results([Result("bbox", "f" * 64, training="a")], tmp_path)
    ended, alive = begin(store), begin(store)
    client.set_terminated(ended)
    assert has_live_run(local_store(tmp_path), "detection-ladder", {"a"})
    (outcome,) = track_results([Result("bbox", "f" * 64, training="a")], tmp_path)
    left = {run.info.run_id for run in client.search_runs([experiment])}
    assert left == {outcome.run_id, alive} and not outcome.new
    client.set_terminated(alive)
    drop_doubles(client, experiment, "a")
    assert not has_live_run(local_store(tmp_path), "detection-ladder", {"a"})
    assert {run.info.run_id for run in client.search_runs([experiment])} == {outcome.run_id}


def test_a_beat_is_well_within_the_silence_that_ends_a_run():
    assert 3 * runs.BEAT_SECONDS < runs._SILENT_SECONDS
