"""Replacing a folder or a file of outputs: complete or not at all."""

import pytest

from pipeline.files import fresh_folder, resumed_folder, write_beside


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
        (tmp_path / f".tables.{state}").mkdir()
        (tmp_path / f".tables.{state}/rest").write_text("")
    with fresh_folder(tmp_path / "tables") as folder:
        assert names(folder) == []
    assert names(tmp_path) == ["tables"]


def test_folders_of_the_user_beside_it_stay(tmp_path):
    for state in ("partial", "old"):
        (tmp_path / f"set.{state}").mkdir()
    for _ in range(2):
        with fresh_folder(tmp_path / "set"):
            pass
    assert names(tmp_path) == ["set", "set.old", "set.partial"]


def test_a_resumed_folder_has_what_an_earlier_block_left(tmp_path):
    (tmp_path / "pixels").mkdir()
    (tmp_path / "pixels/a").write_text("earlier")
    for _ in range(2):
        with pytest.raises(RuntimeError), resumed_folder(tmp_path / "pixels") as folder:
            assert names(folder) in ([], ["b"])
            (folder / "b").write_text("whole")
            raise RuntimeError
        assert names(tmp_path) == [".pixels.partial", "pixels"]
        assert names(tmp_path / "pixels") == ["a"]
    with resumed_folder(tmp_path / "pixels") as folder:
        assert names(folder) == ["b"]
    assert names(tmp_path) == ["pixels"]
    assert names(tmp_path / "pixels") == ["b"]


def test_a_resumed_folder_without_anything_whole_goes(tmp_path):
    with pytest.raises(RuntimeError), resumed_folder(tmp_path / "pixels"):
        raise RuntimeError
    assert names(tmp_path) == []


def test_an_absent_file_appears_with_its_parents(tmp_path):
    final = tmp_path / "figures/all/ladder.png"

    def write(path):
        assert path.suffix == ".png" and path.parent == final.parent
        assert not final.exists()
        path.write_text("1")

    write_beside(final, write)
    assert final.read_text() == "1"
    assert names(final.parent) == ["ladder.png"]


def test_an_earlier_file_is_replaced(tmp_path):
    final = tmp_path / "a.json"
    final.write_text("earlier and longer")

    def write(path):
        assert final.read_text() == "earlier and longer"
        path.write_text("new")

    write_beside(final, write)
    assert final.read_text() == "new"
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("half", [True, False])
def test_a_failure_leaves_the_earlier_file_and_nothing_beside(tmp_path, error, half):
    (tmp_path / "a.json").write_text("earlier")

    def write(path):
        if half:
            path.write_text("ha")
        raise error

    with pytest.raises(error):
        write_beside(tmp_path / "a.json", write)
    assert names(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "earlier"


def test_a_writer_that_writes_nothing_leaves_the_earlier_file(tmp_path):
    (tmp_path / "a.json").write_text("earlier")
    with pytest.raises(FileNotFoundError):
        write_beside(tmp_path / "a.json", lambda path: None)
    assert (tmp_path / "a.json").read_text() == "earlier"


def test_a_folder_in_the_place_of_the_file_stays_and_nothing_is_left_beside(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(IsADirectoryError):
        write_beside(tmp_path / "a", lambda path: path.write_text("new"))
    assert names(tmp_path) == ["a"]


def test_half_a_file_of_a_killed_run_is_no_hindrance(tmp_path):
    (tmp_path / "a.partial.json").write_text("rest of a killed run")
    write_beside(tmp_path / "a.json", lambda path: path.write_text("new"))
    assert names(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "new"
