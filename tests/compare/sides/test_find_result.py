"""The names that a side may have."""

import pytest

from pipeline.compare.sides import find_result as module
from pipeline.compare.sides.find_result import find_result
from pipeline.errors import InputError
from pipeline.tracking.named_runs import NamedRun
from tests.compare.making import pets, told, write_result


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a folder with the result `mine` of two rungs; commits and runs are mocked."""
    monkeypatch.chdir(tmp_path)
    answers = {"bbox": told(pets(2)), "ssd": told(pets(2))}
    monkeypatch.setattr(module, "find_commit", lambda name: "c0ffee" if name == "main" else "")
    monkeypatch.setattr(module, "result_of_commit", lambda *words: ("commit", *words))
    monkeypatch.setattr(module, "result_of_run", lambda name, run, root: (name, run.run_id))
    runs = {"ab12": NamedRun("ab12cd", "a", "ssd", {}, {})}
    monkeypatch.setattr(module, "find_run", lambda wanted, root, uri: runs.get(wanted))
    return write_result(tmp_path / "mine", pets(2), answers)


def test_a_folder_with_and_without_a_rung(folder):
    assert find_result("mine").rung is None
    one = find_result("mine:ssd")
    assert (one.name, one.rung, list(one.rungs)) == ("mine", "ssd", ["bbox", "ssd"])


def test_a_folder_may_have_a_colon_in_its_name(folder):
    folder.rename(folder.with_name("a:b"))
    assert find_result("a:b").rung is None
    assert find_result("a:b:ssd").rung == "ssd"


def test_a_rung_that_is_not_there(folder):
    with pytest.raises(InputError, match=r"mine:fpn: no result of a rung 'fpn' in .*has bbox, ssd"):
        find_result("mine:fpn")


def test_a_folder_goes_before_a_commit_and_that_before_a_run(folder, monkeypatch):
    assert find_result("main")[:3] == ("commit", "main", "c0ffee")
    folder.rename(folder.with_name("main"))
    assert find_result("main").about == "that folder"
    assert find_result("ab12") == ("ab12", "ab12cd")
    monkeypatch.setattr(module, "find_commit", lambda name: "c0ffee")
    assert find_result("ab12")[0] == "commit"
    assert find_result("runs:/ab12") == ("runs:/ab12", "ab12cd")


def test_what_is_nothing_at_all(folder):
    with pytest.raises(InputError, match="mian: no folder, commit, DVC experiment or MLflow run"):
        find_result("mian")
