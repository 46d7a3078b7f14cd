"""What of a commit a remote and a machine have, with real DVC."""

import shutil
import stat
from pathlib import Path

import pytest
from dvc.repo import Repo

from pipeline.cycle.dvc_remote import (
    Lacking,
    fetch_result,
    has_remote,
    lacking_here,
    lacking_in_remote,
    last_line,
    run_dvc,
    update_imports,
    why_out_of_reach,
)
from pipeline.errors import InputError
from tests.cycle.conftest import bare_clone, change_photo, push, repro, run, set_remote

pytestmark = pytest.mark.slow  # DVC runs in each
MADE = "predictions/rung.parquet"


def test_a_remote_is_filled_by_a_push(copied: Path, tmp_path: Path) -> None:
    assert not has_remote()
    set_remote(tmp_path / "remote")
    assert has_remote() and why_out_of_reach() == ""
    assert not [path for path in (tmp_path / "remote").rglob("*") if path.is_file()]
    assert lacking_in_remote() == Lacking(["photos/one"], [MADE])
    push()
    assert lacking_in_remote() == Lacking([], [])


def test_what_is_made_is_told_from_what_is_not(copied: Path) -> None:
    assert lacking_here() == Lacking([], [])
    shutil.rmtree(".dvc/cache")
    assert lacking_here() == Lacking([], [])  # it lies here
    Path("photos/one").unlink()
    Path(MADE).unlink()
    assert lacking_here() == Lacking(["photos/one"], [MADE])


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9/x", "Cannot connect to host 127.0.0.1:9"),
        ("/nowhere/mounted/remote", "/nowhere/mounted: no such folder"),
    ],
)
def test_why_a_remote_is_out_of_reach(copied: Path, address: str, reason: str) -> None:
    set_remote(address)
    assert why_out_of_reach().startswith(reason)


def test_a_file_in_place_of_a_remote(copied: Path, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    set_remote(place)
    assert str(place) in why_out_of_reach()
    assert stat.S_ISREG(place.stat().st_mode)


def test_a_remote_that_cannot_be_read(copied: Path) -> None:
    set_remote("ssh://127.0.0.1:9/x")  # nothing listens, and the package for it is not in the lock
    with pytest.raises(InputError, match="dvc data status: "):
        lacking_in_remote()


def test_a_result_of_an_earlier_commit_is_brought(copied: Path, tmp_path: Path) -> None:
    set_remote(tmp_path / "remote")
    run("git", "commit", "--quiet", "--all", "--amend", "--no-edit")
    push()
    change_photo("second")
    repro()
    run("git", "commit", "--quiet", "--all", "--message", "Second")
    bare_clone(copied, tmp_path / "clone")
    fetch_result("HEAD")  # which nobody has pushed: no error
    assert not list(Path(".dvc/cache").rglob("*/??/*"))
    fetch_result("HEAD~1")
    assert [path.read_text() for path in Path(".dvc/cache").rglob("*/??/*")] == ["first"]


def test_a_commit_without_results_brings_nothing(copied: Path) -> None:
    run("git", "rm", "--quiet", "--cached", "dvc.lock")
    run("git", "commit", "--quiet", "--message", "None")
    before = sorted(Path(".dvc/cache").rglob("*"))
    fetch_result("HEAD")
    assert sorted(Path(".dvc/cache").rglob("*")) == before


def test_imports_follow_their_source(copied: Path, tmp_path: Path) -> None:
    assert update_imports() == []
    source = tmp_path / "labels.json"
    source.write_text("[1]")
    with Repo() as repo:
        repo.imp_url(str(source), "labels.json")
    run("git", "add", "--all")
    source.write_text("[1, 2]")
    assert update_imports() == ["labels.json.dvc"]
    assert Path("labels.json").read_text() == "[1, 2]"
    source.unlink()
    with pytest.raises(InputError, match=r"labels\.json\.dvc: dvc update: "):
        update_imports()


def test_a_command_that_takes_too_long() -> None:
    done = run_dvc("version", seconds=0.01)
    assert (done.returncode, done.stderr) == (124, "no answer in 0.01 s")


def test_the_last_line_that_says_something() -> None:
    assert last_line("one\n two \n\n") == "two"
    assert last_line("\n") == ""
