"""Replacing a folder of outputs: complete or not at all."""

import pytest

from stages.replace import fresh_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_absent_folder_appears_with_its_parents(tmp_path):
    with fresh_folder(tmp_path / "data/tables") as folder:
        (folder / "a").write_text("1")
        assert not (tmp_path / "data/tables").exists()
    assert (tmp_path / "data/tables/a").read_text() == "1"
    assert names(tmp_path / "data") == ["tables"]


def test_an_earlier_folder_is_replaced_as_a_whole(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/left over").write_text("")
    with fresh_folder(tmp_path / "tables") as folder:
        (folder / "a").write_text("1")
    assert names(tmp_path) == ["tables"]
    assert names(tmp_path / "tables") == ["a"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_earlier_folder_and_nothing_beside(tmp_path, error):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/a").write_text("earlier")
    with pytest.raises(error), fresh_folder(tmp_path / "tables") as folder:
        (folder / "a").write_text("half")
        raise error
    assert names(tmp_path) == ["tables"]
    assert (tmp_path / "tables/a").read_text() == "earlier"


def test_what_a_killed_run_left_behind_is_cleared(tmp_path):
    for state in ("partial", "old"):
        (tmp_path / f"tables.{state}").mkdir()
        (tmp_path / f"tables.{state}/rest").write_text("")
    with fresh_folder(tmp_path / "tables") as folder:
        assert names(folder) == []
    assert names(tmp_path) == ["tables"]
