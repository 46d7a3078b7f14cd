"""Results in the folders of a project."""

from pathlib import Path

import pytest

from pipeline.compare.sides.in_folder import result_in_folder
from pipeline.errors import InputError
from tests.compare.making import pets, told, write_lock, write_result


@pytest.fixture
def folder(tmp_path):
    return write_result(tmp_path / "other", pets(2), {"bbox": told(pets(2)), "ssd": told(pets(2))})


def test_a_folder_without_predictions_is_no_result(tmp_path):
    with pytest.raises(InputError, match="predictions: no predictions; name the root folder"):
        result_in_folder(".", tmp_path)


@pytest.mark.parametrize("name", [".", "../project"])
def test_this_folder_without_predictions_is_told_as_such(tmp_path, monkeypatch, name):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    with pytest.raises(InputError) as caught:
        result_in_folder(name, Path(name))
    assert str(caught.value) == "this folder has no predictions yet: `make repro` makes them"


def test_a_folder_has_all_rungs_with_predictions(folder):
    result = result_in_folder("../other", folder)
    assert list(result.rungs) == ["bbox", "ssd"] and result.rung is None
    assert result.name == "../other" and result.about == "that folder"
    assert result.source == folder / "data/source"
    files = result.rungs["ssd"]
    assert files.predictions.is_file() and all(path.is_file() for path in files.tables.values())
    assert files.params == files.deps == {}


def test_this_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert result_in_folder(".", folder).about == "this folder"


def test_parameters_are_those_of_the_lock_file_before_those_of_params_yaml(folder):
    (folder / "params.yaml").write_text("train: {shared: {seed: 1}, ssd: {lr: 1}, bbox: {lr: 2}}")
    write_lock(folder, ["ssd"], {"train.shared": {"seed": 7}})
    rungs = result_in_folder(".", folder).rungs
    assert rungs["ssd"].params == {"train.seed": "7"}
    assert rungs["bbox"].params == {"train.seed": "1", "train.lr": "2"}
