"""Runs found by name or id, in a real store."""

import pytest

from pipeline.errors import InputError
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.named_runs import DEPS, find_run
from pipeline.tracking.sqlite_store import local_store
from pipeline.tracking.stores.choice import track_results
from tests.mlflow_store import client_of, give_store

PREDICTIONS = {"predictions/ssd.parquet": "0a1b"}


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with a run that has the file of digests, and an older one with tags instead."""
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    root = give_store(tmp_path)
    new = Result("ssd", "f1", "ssd lr=2", params={"train.lr": 2}, records={DEPS: PREDICTIONS})
    old = Result("ssd", "f2", "ssd", tags={"dvc.dep.predictions/ssd.parquet": "ffff"})
    return root, [one.run_id for one in track_results([new, old], root)]


def test_no_store_has_no_run_and_stays_absent(tmp_path):
    assert find_run("0123", tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_found_by_its_id_the_start_of_it_and_its_name(store):
    root, (new, old) = store
    for wanted in (new, new[:8], "ssd lr=2"):
        run = find_run(wanted, root)
        assert (run.run_id, run.name, run.rung) == (new, "ssd lr=2", "ssd")
        assert run.params == {"train.lr": "2"} and run.deps == PREDICTIONS
    assert find_run(old[:8], root, local_store(root)).deps == {"predictions/ssd.parquet": "ffff"}
    assert find_run(new[:3], root) is None  # too short to mean one
    assert find_run("ssd lr", root) is None


def test_several_of_one_name_are_told(store):
    root, ids = store
    client_of(root).update_run(ids[1], name="ssd lr=2")
    with pytest.raises(InputError, match=f"ssd lr=2: 2 MLflow runs match .*{ids[0]}"):
        find_run("ssd lr=2", root)


def test_a_run_without_digests_says_what_to_name_instead(store):
    root, (new, _) = store
    (root / "mlruns" / new / "artifacts" / DEPS).unlink()
    with pytest.raises(InputError, match=rf"run {new}: {DEPS}: cannot be read: .*name the commit"):
        find_run(new, root)


def test_a_server_that_does_not_answer(tmp_path):
    with pytest.raises(InputError, match=r"MLflow at http://127\.0\.0\.1:9: cannot be read"):
        find_run("0123", tmp_path, "http://me:secret@127.0.0.1:9")
