"""What is pulled from a DVC remote and pushed to it, and messages about what is missing."""

import shutil
from pathlib import Path

import pytest

from pipeline.cycle.transfer import bring, push_objects
from pipeline.errors import InputError
from tests.cycle.conftest import bare_clone, run, set_remote

pytestmark = pytest.mark.slow  # DVC runs in each
NOWHERE = "http://127.0.0.1:9/x"


def test_what_one_pushes_another_brings(copied: Path, tmp_path: Path, capsys) -> None:
    set_remote(tmp_path / "remote")
    run("git", "commit", "--quiet", "--all", "--message", "Remote")
    assert push_objects() == ""
    bare_clone(copied, tmp_path / "clone")
    assert bring("HEAD")
    assert Path("predictions/rung.parquet").read_text() == "first"
    assert capsys.readouterr().out == ""


def test_the_first_run_says_one_quiet_line(copied: Path, tmp_path: Path, capsys) -> None:
    set_remote(tmp_path / "remote")
    run("git", "commit", "--quiet", "--all", "--message", "Remote")
    shutil.rmtree(".dvc/cache")
    Path("predictions/rung.parquet").unlink()
    assert bring("HEAD")
    captured = capsys.readouterr()
    line = "to be made again: 1 output of dvc.lock, neither here nor in the DVC remote\n"
    assert captured.out == line and "ERROR" not in captured.err


def test_photos_that_are_nowhere_end_it(copied: Path, tmp_path: Path) -> None:
    bare_clone(copied, tmp_path / "clone")
    with pytest.raises(InputError, match="photos/one: neither here nor in a DVC remote; `dvc push"):
        bring("HEAD")
    assert push_objects() == ""  # there is nowhere to push to


def test_a_remote_out_of_reach_leaves_what_is_here(copied: Path, capsys) -> None:
    set_remote(NOWHERE)
    Path("predictions/rung.parquet").unlink()
    assert not bring("HEAD")
    assert Path("predictions/rung.parquet").exists()  # from the cache
    assert capsys.readouterr().out.startswith("warning: the DVC remote is out of reach (Cannot")
    assert push_objects().startswith("not pushed by DVC: ")
