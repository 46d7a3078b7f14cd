"""The last lock file that DVC could read."""

from pathlib import Path

from pipeline.files import LOCK
from pipeline.repair.lock_copy import COPY, keep_copy


def test_each_copy_replaces_the_one_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ("one", "two"):
        LOCK.write_text(text)
        keep_copy()
        assert COPY.read_text() == text


def test_what_cannot_be_copied_stops_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(".ladder").write_text("a file, where a folder should be")
    LOCK.write_text("text")
    keep_copy()
    LOCK.unlink()
    Path(".ladder").unlink()
    keep_copy()
    assert not COPY.exists()
    assert not list(tmp_path.glob("*partial*"))
