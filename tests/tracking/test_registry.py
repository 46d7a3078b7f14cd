"""Versions of registered models in a real store."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.tracking.registry import CANDIDATE, Registry, register
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
        assert (version.number, version.run_id) == (number, run_id)
        assert version.uri == f"models:/ssd_fpn/{number}"
    registry = Registry(client, "ssd_fpn")
    found = registry.of_result("mark 1")
    assert found is not None and (found.number, found.decision) == ("1", "")
    assert registry.of_result("mark 3") is None
    registry.note(found, "refused")
    assert registry.find("1").decision.endswith("Z refused")
    named = client.get_model_version_by_alias("ssd_fpn", CANDIDATE)
    assert str(named.version) == "2" and named.tags["fingerprint"] == "mark 2"
    folder = client.get_model_version_download_uri("ssd_fpn", "2").removeprefix("file://")
    assert (Path(folder) / "model.json").is_file()


def test_champions_follow_each_other_and_come_back(tmp_path: Path) -> None:
    client = client_of(give_store(tmp_path))
    place = (tmp_path / "mlruns").as_uri()
    experiment = client.create_experiment("e", artifact_location=place)
    registry = Registry(client, "bbox")
    for _ in range(3):
        register(client, client.create_run(experiment).info.run_id, "bbox", "mark")
    assert registry.champion() is None and registry.find().number == "3"
    with pytest.raises(InputError, match="bbox: no champion before this one to go back to"):
        registry.roll_back()
    for number in ("1", "3"):
        registry.promote(registry.find(number), registry.champion())
    assert (registry.find("1").replaced, registry.find("2").replaced) == ("", None)
    champion = registry.champion()
    assert champion is not None and (champion.number, champion.replaced) == ("3", "1")
    assert [one.number for one in registry.roll_back()] == ["1", "3"]
    with pytest.raises(
        InputError, match="champion is version 1 by now, and version 2 was judged b"
    ):
        registry.promote(registry.find("2"), registry.find("3"))
    decision = client.get_model_version("bbox", "3").tags["decision"]
    assert decision.endswith("Z rolled back to version 1")
    with pytest.raises(InputError, match="bbox: MLflow has no version 4 of it"):
        registry.find("4")
