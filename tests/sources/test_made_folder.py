"""A folder that a command makes, and what others do in it."""

from pathlib import Path

from pipeline.sources.made_folder import foreign_files, record_files


def test_only_what_others_have_changed_or_added_is_foreign(tmp_path: Path) -> None:
    assert foreign_files(tmp_path / "absent") == []
    (tmp_path / "a").mkdir()
    for name in ("a/1", "a/2", "3"):
        (tmp_path / name).write_text("ours")
    assert foreign_files(tmp_path) == [tmp_path / name for name in ("3", "a/1", "a/2")]
    record_files(tmp_path)
    assert foreign_files(tmp_path) == []
    (tmp_path / "3").unlink()
    (tmp_path / "a/1").write_text("mine")
    (tmp_path / "a/4").write_text("new")
    assert foreign_files(tmp_path) == [tmp_path / "a/1", tmp_path / "a/4"]
    (tmp_path / ".made.json").write_text("half")
    assert len(foreign_files(tmp_path)) == 3


def test_what_a_mac_leaves_in_a_folder_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    record_files(tmp_path)
    (tmp_path / "a/.DS_Store").write_text("x")
    assert foreign_files(tmp_path) == []
