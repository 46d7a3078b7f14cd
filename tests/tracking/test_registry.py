"""Versions of registered models in a real store."""

from pathlib import Path

from pipeline.tracking.registry import CANDIDATE, register
from tests.inference.making import saved
from tests.mlflow_store import client_of, give_store


def test_each_result_is_a_version_and_the_last_is_the_candidate(tmp_path: Path) -> None:
    client = client_of(give_store(tmp_path))
    place = (tmp_path / "mlruns").as_uri()
    experiment = client.create_experiment("e", artifact_location=place)
    for number in ("1", "2"):
        run_id = client.create_run(experiment).info.run_id
        client.log_artifacts(run_id, str(saved(tmp_path / number, "ssd_fpn")), "model")
        version = register(client, run_id, "ssd_fpn", f"mark {number}")
        assert (str(version.version), version.run_id) == (number, run_id)
    named = client.get_model_version_by_alias("ssd_fpn", CANDIDATE)
    assert str(named.version) == "2" and named.tags["fingerprint"] == "mark 2"
    folder = client.get_model_version_download_uri("ssd_fpn", "2").removeprefix("file://")
    assert (Path(folder) / "model.json").is_file()
