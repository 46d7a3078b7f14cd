"""`ladder promote` with real models in a real store."""

import json
from pathlib import Path

import pytest

from commands import promote
from pipeline.errors import InputError
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.stores.choice import track_results
from tests.conftest import stand_alone
from tests.inference.making import saved
from tests.mlflow_store import client_of
from tests.stages.small_project import write_params

pytestmark = pytest.mark.slow


@pytest.fixture
def project(two_versions: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a project with two versions."""
    stand_alone(monkeypatch)
    return two_versions


def champion(project: Path) -> str:
    return str(client_of(project).get_model_version_by_alias("bbox", "champion").version)


def decision(project: Path, number: str) -> str:
    return client_of(project).get_model_version("bbox", number).tags["decision"]


def test_from_the_first_champion_to_the_next_and_back(project, capsys):
    assert promote.main(["bbox", "--version", "1"]) == 0
    assert "passed, as there was no champion: L1 px" in capsys.readouterr().out
    assert promote.main(["bbox"]) == 0  # the candidate, version 2, is equal
    assert "passed, compared with version 1" in decision(project, "2")
    assert champion(project) == "2"
    assert promote.main(["bbox"]) == 0
    assert "is the champion of bbox already" in capsys.readouterr().out
    assert promote.main(["bbox", "--rollback"]) == 0
    assert champion(project) == "1"
    assert "rolled back to version 1" in decision(project, "2")
    with pytest.raises(InputError, match="no champion before this one"):
        promote.main(["bbox", "--rollback"])


def test_a_refusal_shows_what_fell_and_ends_with_3(project, capsys):
    write_params(project, promote__floors={"l1_px": 0.001})
    assert promote.main(["bbox"]) == 3
    captured = capsys.readouterr()
    assert "What failed" in captured.out and "floor" in captured.out
    assert captured.err.endswith("refused: there is no champion; --force overrules\n")
    assert "refused, below a floor" in decision(project, "2")
    assert promote.main(["bbox", "--force"]) == 0
    assert champion(project) == "2" and "forced, refused" in decision(project, "2")


def test_a_model_of_other_classes_is_no_candidate(project):
    model = saved(Path("saved/3/bbox"), "bbox")
    track_results([Result("bbox", f"{3:064x}", model=model)], project)
    with pytest.raises(InputError, match=r"models:/bbox/3: was trained on other classes than the"):
        promote.main(["bbox"])


@pytest.fixture
def older(project: Path) -> str:
    """The number of a champion that learnt other classes than the tables here."""
    model = saved(Path("saved/3/bbox"), "bbox")
    track_results([Result("bbox", f"{3:064x}", model=model)], project)
    client_of(project).set_registered_model_alias("bbox", "champion", "3")
    return "3"


def test_a_champion_of_other_classes_is_a_refusal_that_may_be_overruled(project, older, capsys):
    write_params(project, promote__floors={"l1_px": 0.001})
    assert promote.main(["bbox", "--version", "2"]) == 3
    captured = capsys.readouterr()
    words = "cannot be compared with version 3: classes changed (without cat, dog, owl, with "
    assert f"refused, {words}" in captured.out and "What failed" in captured.out
    assert "floor" in captured.out  # which holds, too
    assert captured.err.endswith("refused: version 3 stays champion; --force overrules\n")
    assert f"Z refused, {words}" in decision(project, "2") and champion(project) == older
    assert promote.main(["bbox", "--version", "2", "--force"]) == 0
    assert champion(project) == "2" and f"Z forced, refused, {words}" in decision(project, "2")


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (["cat", "dog"], ["cat", "dog"], ""),
        (["cat", "dog"], ["dog", "cat"], "in another order"),
        (["cat", "dog"], ["cat", "dog", "eel"], "with eel"),
        (["cat", "dog"], ["cat"], "without dog"),
        (["cat"], list("abcdef"), "without cat, with a, b, c, d, e and 1 more"),
    ],
)
def test_how_classes_changed(before, now, words):
    assert promote.classes_changed(before, now) == words


def test_what_is_not_there(project):
    with pytest.raises(InputError, match="MLflow has no version 9 of it"):
        promote.main(["bbox", "--version", "9"])
    with pytest.raises(InputError, match="MLflow has no candidate of it; `make repro` registers"):
        promote.main(["ssd_fpn"])
    with pytest.raises(InputError, match="nope: no such rung; there are classifier"):
        promote.main(["nope"])


def test_pixels_of_other_photos_judge_nothing(project):
    deps = [{"path": "data/tables/images.parquet", "md5": "0" * 32}]
    Path("dvc.lock").write_text(json.dumps({"stages": {"pixels": {"deps": deps}}}))
    with pytest.raises(InputError, match=r"^data/pixels.*: of other photos than .*; run `dvc rep"):
        promote.main(["bbox", "--version", "1"])
