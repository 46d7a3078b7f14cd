"""Results of other commits that need not be made again, with real DVC."""

import shutil
from pathlib import Path

import pytest

from pipeline.cycle.remembered import remember
from pipeline.cycle.stale import stale_stages
from tests.cycle.conftest import change_photo, push, repro, run, set_remote

pytestmark = pytest.mark.slow  # DVC runs in each
MADE = Path("predictions/rung.parquet")


def result_of(content: str) -> str:
    """Return a commit with the result of a photo."""
    change_photo(content)
    repro()
    run("git", "commit", "--quiet", "--all", "--message", content)
    return run("git", "rev-parse", "HEAD")


def forget_result() -> None:
    """Restore the lock file of the previous commit; the photo stays."""
    run("git", "restore", "--source=HEAD~1", "--", "dvc.lock")


def test_what_was_made_before_is_taken_from_the_cache(copied: Path) -> None:
    commit = result_of("second")
    forget_result()
    assert stale_stages() == ["copy"]
    assert remember(commit, pull=False) == ["copy"]
    assert stale_stages() == [] and MADE.read_text() == "second"


def test_what_was_made_before_is_taken_from_the_remote(copied: Path, tmp_path: Path) -> None:
    set_remote(tmp_path / "remote")
    commit = result_of("second")
    push()
    forget_result()
    shutil.rmtree(".dvc/cache")
    MADE.unlink()
    assert remember(commit, pull=True) == ["copy"]
    assert stale_stages() == [] and MADE.read_text() == "second"


def test_what_was_made_from_something_else_is_not(copied: Path) -> None:
    commit = result_of("second")
    forget_result()
    change_photo("third")
    assert remember(commit, pull=False) == []
    assert stale_stages() == ["copy"]
    repro()
    assert MADE.read_text() == "third"


def test_where_nothing_is_stale_nothing_is_taken(copied: Path) -> None:
    before = Path("dvc.lock").read_text()
    assert remember("HEAD", pull=False) == []
    assert Path("dvc.lock").read_text() == before


def test_a_first_lock_file(copied: Path) -> None:
    Path("dvc.lock").unlink()
    assert remember("HEAD", pull=False) == ["copy"]
    assert stale_stages() == []
