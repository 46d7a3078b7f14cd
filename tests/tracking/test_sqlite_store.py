"""MLflow's tables, read directly, checked against a store made by MLflow itself."""

import sqlite3
from functools import partial

import pytest

from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.mlflow_store import EXPERIMENT
from pipeline.tracking.sqlite_store import (
    artifact_folder,
    database,
    find_experiment,
    is_damaged,
    known_runs,
    local_store,
)
from pipeline.tracking.stores.choice import track_results
from tests.mlflow_store import client_of, give_store


@pytest.fixture
def root(tmp_path):
    return give_store(tmp_path)


def change(root, statement):
    with sqlite3.connect(root / "mlflow.db") as connection:
        connection.execute(statement)


def test_nothing_is_known_without_a_store(tmp_path):
    uri = local_store(tmp_path)
    assert known_runs(uri, EXPERIMENT) == {}
    assert find_experiment(uri, EXPERIMENT) is None
    assert artifact_folder(uri, EXPERIMENT) is None
    assert not list(tmp_path.iterdir())


def test_nothing_is_known_of_an_empty_store_or_a_server(root):
    assert known_runs(local_store(root), EXPERIMENT) == {}
    assert known_runs("http://127.0.0.1:9", EXPERIMENT) == {}
    assert database("http://127.0.0.1:9") is None
    assert database(local_store(root)) == root / "mlflow.db"


def test_agrees_with_the_client(root):
    (outcome,) = track_results([Result("bbox", "f" * 64)], root)
    uri, experiment = local_store(root), client_of(root).get_experiment_by_name(EXPERIMENT)
    assert known_runs(uri, EXPERIMENT) == {"f" * 64: outcome.run_id}
    assert known_runs(uri, "another") == {}
    assert find_experiment(uri, EXPERIMENT) == experiment.experiment_id
    assert artifact_folder(uri, EXPERIMENT) == experiment.artifact_location
    assert experiment.artifact_location == (root / "mlruns").as_uri()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET lifecycle_stage = 'deleted'",
        "UPDATE experiments SET lifecycle_stage = 'deleted'",
        "UPDATE runs SET status = 'RUNNING'",
        "DELETE FROM tags WHERE key = 'complete'",
        "ALTER TABLE runs RENAME COLUMN run_uuid TO run_id",
        "DROP TABLE tags",
    ],
)
def test_in_doubt_nothing_is_known(root, statement):
    track_results([Result("bbox", "f" * 64)], root)
    change(root, statement)
    assert known_runs(local_store(root), EXPERIMENT) == {}


def no_database(path):
    path.write_text("no database")


def first_half(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def zeros_at_its_end(path):
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(len(content) - 4096))


@pytest.mark.parametrize("damage", [no_database, first_half, zeros_at_its_end])
def test_a_damaged_file_knows_nothing_and_is_told(root, damage):
    damage(root / "mlflow.db")
    assert known_runs(local_store(root), EXPERIMENT) == {}
    assert is_damaged(local_store(root))


def test_what_is_not_damaged(root, tmp_path_factory):
    assert not is_damaged("http://127.0.0.1:9")
    assert not is_damaged(local_store(root))
    other = tmp_path_factory.mktemp("other")
    assert not is_damaged(local_store(other))
    (other / "mlflow.db").touch()  # to SQLite a database without tables
    assert not is_damaged(local_store(other))


def test_a_store_that_another_process_holds_is_not_damaged(root, monkeypatch):
    monkeypatch.setattr("sqlite3.connect", partial(sqlite3.connect, timeout=0))
    with sqlite3.connect(root / "mlflow.db") as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert not is_damaged(local_store(root))
