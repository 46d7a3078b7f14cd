"""Runs that wait for a store, here another local one; test_choice.py has real servers."""

import pytest

from pipeline.tracking.mlflow_runs import Result, log_results
from pipeline.tracking.sqlite_store import local_store
from pipeline.tracking.stores.forward import WAITING, send_waiting, server_key
from tests.inference.making import saved
from tests.mlflow_store import client_of, give_store, runs_of


@pytest.mark.parametrize(
    "uri", ["https://example.com/a/", "https://me:pass@example.com/a", "https://x@example.com/a"]
)
def test_a_server_is_known_whatever_the_password(uri):
    assert server_key(uri) == server_key("https://example.com/a") != server_key("https://other/a")
    assert "pass" not in server_key(uri)


def test_a_model_is_registered_where_it_arrives(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        give_store(tmp_path / name)
    here, there = tmp_path / "here", tmp_path / "there"
    uri = local_store(there)
    model = saved(tmp_path / "models/ssd_fpn", "ssd_fpn")
    waiting = Result("bbox", "1" * 64, model=model, tags={WAITING: server_key(uri)})
    log_results([waiting, Result("bbox", "2" * 64)], here, local_store(here))
    assert send_waiting(local_store(here), there, uri) == 1
    assert send_waiting(local_store(here), there, uri) == 0
    (run,) = runs_of(there)
    assert run.data.tags["fingerprint"] == "1" * 64
    version = client_of(there).get_model_version_by_alias("bbox", "candidate")
    assert version.run_id == run.info.run_id
    artifacts = there / "mlruns" / run.info.run_id / "artifacts"
    assert (artifacts / "model/artifacts/ssd_fpn/model.safetensors").is_file()
