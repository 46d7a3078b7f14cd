"""The last lock file that DVC could read."""

from contextlib import closing
from pathlib import Path

import pytest
from zc.lockfile import LockFile

from pipeline.files import LOCK
from pipeline.repair.lock_copy import COPY, keep_copy


@pytest.fixture
def dvc_lock(tmp_path, monkeypatch) -> Path:
    """Work in the folder of a project; return the file by which DVC keeps others away."""
    monkeypatch.chdir(tmp_path)
    lock = Path(".dvc/tmp/lock")
    lock.parent.mkdir(parents=True)
    return lock


def test_each_copy_replaces_the_one_before(dvc_lock):
    for text in ("one", "two"):
        LOCK.write_text(text)
        keep_copy()
        assert COPY.read_text() == text


def test_nothing_is_copied_while_another_dvc_may_be_writing(dvc_lock):
    LOCK.write_text("whole")
    keep_copy()
    with closing(LockFile(str(dvc_lock))):
        LOCK.write_text("ha")
        keep_copy()
    assert COPY.read_text() == "whole"


def test_what_cannot_be_copied_stops_nothing(dvc_lock, tmp_path):
    Path(".ladder").write_text("a file, where a folder should be")
    LOCK.write_text("text")
    keep_copy()
    LOCK.unlink()
    Path(".ladder").unlink()
    keep_copy()
    assert not COPY.exists()
    assert not list(tmp_path.glob("*partial*"))
