"""Reaching a store."""

from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import ErrorCode

from pipeline.tracking.mlflow_store import (
    EXPERIMENT,
    experiment_name,
    insist,
    open_client,
    open_experiment,
    probe,
    without_password,
)
from pipeline.tracking.sqlite_store import local_store
from tests.mlflow_store import give_store


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://a:5000", "http://a:5000"),
        ("https://me:pass@a:5000/x", "https://a:5000/x"),
        ("sqlite:////a@b/mlflow.db", "sqlite:////a@b/mlflow.db"),
    ],
)
def test_without_password(uri, shown):
    assert without_password(uri) == shown
    assert without_password(uri, f"GET {uri}/health failed") == f"GET {shown}/health failed"


def test_the_name_of_the_environment_goes_before_our_own(monkeypatch):
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "")
    assert experiment_name() == EXPERIMENT
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    assert experiment_name() == "mine"


def test_an_experiment_is_made_once_and_restored(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    uri = local_store(give_store(tmp_path))
    client = open_client(uri)
    made = open_experiment(client, tmp_path, uri)
    assert client.get_experiment(made).artifact_location == (tmp_path / "mlruns").as_uri()
    client.delete_experiment(made)
    assert open_experiment(client, tmp_path, uri) == made
    assert client.get_experiment(made).lifecycle_stage == "active"


def test_only_servers_are_asked_whether_they_answer():
    probe("sqlite:////nowhere/mlflow.db")
    with pytest.raises(OSError):
        probe("http://127.0.0.1:9")


@pytest.mark.parametrize(("code", "tries"), [("BAD_REQUEST", 4), ("PERMISSION_DENIED", 1)])
def test_only_what_another_machine_may_have_caused_is_tried_again(monkeypatch, code, tries):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    done = []

    def refused():
        done.append(1)
        raise MlflowException("no", int(ErrorCode.Value(code)))

    with pytest.raises(MlflowException):
        insist(refused)
    assert len(done) == tries


def test_the_second_try_counts(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    answers = iter([MlflowException("no", int(ErrorCode.Value("BAD_REQUEST"))), "found"])

    def write():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert insist(write) == "found"
