"""The version of the result in this folder, in a real store."""

from pathlib import Path

import pytest

from pipeline.cycle.candidate import Candidate, find_candidate, model_of, promote
from pipeline.errors import InputError
from pipeline.tracking.dvc_lock import LockEntry, read_lock
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.results import fingerprint_of
from pipeline.tracking.stores.choice import track_results
from tests.mlflow_store import client_of, give_store
from tests.stages.ladder_tree import make_tree


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project with the result of a rung."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    return give_store(make_tree(tmp_path, ("bbox",)))


def test_the_result_here_is_found_though_others_came_later(tree: Path) -> None:
    lock, model = read_lock(Path("dvc.lock")), Path("models/bbox")
    with pytest.raises(InputError, match="bbox: MLflow has no version of this result"):
        find_candidate(lock, "bbox")
    for mark in (fingerprint_of(lock, "bbox"), f"{7:064x}"):
        track_results([Result("bbox", mark, model=model)], tree)
    found = find_candidate(lock, "bbox")
    assert (found.version.number, found.champion) == ("1", None)
    promote([found])
    assert str(client_of(tree).get_model_version_by_alias("bbox", "champion").version) == "1"
    again = find_candidate(lock, "bbox")
    assert isinstance(again, Candidate) and again.champion == again.version


def test_a_server_that_is_away_is_told_without_its_password(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    with pytest.raises(InputError, match=r"MLflow at http://127\.0\.0\.1:9 is out of r") as raised:
        find_candidate(read_lock(Path("dvc.lock")), "bbox")
    assert "secret" not in str(raised.value)


def test_the_digest_of_a_model() -> None:
    entry = LockEntry.model_validate({"outs": [{"path": "models/a", "md5": "12.dir"}]})
    assert model_of({"train@a": entry}, "a") == "12.dir"
    assert model_of({"train@a": entry}, "b") is None
