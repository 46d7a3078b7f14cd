"""Damaged files are moved, each into its own folder."""

from pathlib import Path

from pipeline.repair.aside import DAMAGED, set_aside


def test_the_same_name_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    moved = []
    for content in ("one", "two"):
        Path("a/b").mkdir(parents=True, exist_ok=True)
        Path("a/b/file").write_text(content)
        moved.append(set_aside(Path("a/b/file")))
        assert not Path("a/b/file").exists()
    assert [path.read_text() for path in moved] == ["one", "two"]
    assert all(path.is_relative_to(DAMAGED) and path.match("a/b/file") for path in moved)


def test_a_path_from_the_root_of_the_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").write_text("x")
    assert set_aside(tmp_path / "elsewhere").read_text() == "x"
