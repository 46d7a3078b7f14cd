"""Which stages are stale, with real DVC."""

from pathlib import Path

import pytest

from pipeline.cycle.stale import stale_by_commit, stale_stages
from pipeline.errors import InputError
from tests.cycle.conftest import bare_clone, change_photo, run

pytestmark = pytest.mark.slow  # DVC runs in each


def test_a_stage_is_stale_when_what_it_reads_has_changed(copied: Path) -> None:
    assert stale_stages() == []
    change_photo("second")
    assert stale_stages() == ["copy"]


def test_it_is_told_without_the_data_too(copied: Path, tmp_path: Path) -> None:
    clone = bare_clone(copied, tmp_path / "clone")
    assert stale_stages() == [] and not (clone / "photos/one").exists()
    change_photo("second")
    Path("photos/one").unlink()
    run("git", "commit", "--quiet", "--all", "--message", "Second")
    bare_clone(clone, tmp_path / "another")
    assert stale_stages() == ["copy"]


def test_a_commit_is_judged_without_what_lies_here(copied: Path) -> None:
    made = Path("predictions/rung.parquet")
    made.unlink()
    made.write_text("older")
    change_photo("not committed")
    assert stale_stages() == ["copy"] and stale_by_commit() == []
    run("git", "commit", "--quiet", "--all", "--message", "Second")
    assert stale_by_commit() == ["copy"]


def test_a_project_that_dvc_cannot_read(copied: Path) -> None:
    Path("dvc.yaml").write_text("stages: [")
    with pytest.raises(InputError, match="dvc: "):
        stale_stages()
