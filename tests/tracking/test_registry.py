"""Versions of registered models in a real store."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.tracking.registry import CANDIDATE, CHAMPIONS, Registry, register
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
        InputError, match="champion is version 1 by now, and version 2 was judged a"
    ):
        registry.promote(registry.find("2"), registry.find("3"))
    decision = client.get_model_version("bbox", "3").tags["decision"]
    assert decision.endswith("Z rolled back to version 1")
    with pytest.raises(InputError, match="bbox: MLflow has no version 4 of it"):
        registry.find("4")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A rung with three versions, none of them champion."""
    client = client_of(give_store(tmp_path))
    experiment = client.create_experiment("e", artifact_location=(tmp_path / "mlruns").as_uri())
    for _ in range(3):
        register(client, client.create_run(experiment).info.run_id, "bbox", "mark")
    return Registry(client, "bbox")


def promote(registry: Registry, numbers: str) -> None:
    for number in numbers:
        registry.promote(registry.find(number), registry.champion())


def all_rollbacks(registry: Registry) -> str:
    """Return the numbers of the champions that rollbacks lead to, until the first."""
    reached = ""
    with pytest.raises(InputError, match="bbox: no champion before this one to go back to"):
        while True:
            reached += registry.roll_back()[0].number
    return reached


def test_a_version_that_is_champion_twice_hides_none_before_it(registry: Registry) -> None:
    promote(registry, "1232")
    assert all_rollbacks(registry) == "321"
    assert all(registry.find(number).replaced is not None for number in "123")
    promote(registry, "3")
    assert registry.champions() == ["1", "3"] and all_rollbacks(registry) == "1"


def test_champions_of_an_earlier_version_are_known_by_their_own_tags(registry: Registry) -> None:
    promote(registry, "123")
    registry.client.delete_registered_model_tag("bbox", CHAMPIONS)
    assert registry.champions() == ["1", "2", "3"]
    promote(registry, "2")  # whose own tag names 3 from now on
    assert all_rollbacks(registry) == "321"


def test_circles_of_own_tags_and_versions_that_are_gone_end_the_list(registry: Registry) -> None:
    promote(registry, "1232")
    registry.client.delete_registered_model_tag("bbox", CHAMPIONS)
    assert registry.champions() == ["3", "2"]
    registry.client.delete_model_version("bbox", "3")
    assert registry.champions() == ["3", "2"]
    with pytest.raises(InputError, match="bbox: MLflow has no version 3 of it"):
        registry.roll_back()
    promote(registry, "1")
    assert [one.number for one in registry.roll_back()] == ["2", "1"]


def test_a_champion_that_was_named_by_hand_is_the_last_one(registry: Registry) -> None:
    promote(registry, "12")
    registry.client.set_registered_model_alias("bbox", "champion", "3")
    assert registry.champions() == ["1", "2", "3"]
    assert all_rollbacks(registry) == "21"
    assert registry.find("3").replaced == "2"  # so that CI does not promote it again
