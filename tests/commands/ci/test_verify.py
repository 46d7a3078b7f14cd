"""`ladder verify` with real git and DVC on a project of one stage."""

from pathlib import Path

import pytest

from commands.ci import verify
from tests.cycle.conftest import (
    bare_clone,
    change_photo,
    committed,
    copied,
    identity,
    push,
    repro,
    run,
    set_remote,
)

pytestmark = pytest.mark.slow  # DVC runs in each
__all__ = ["committed", "copied", "identity"]  # fixtures of tests/cycle


def test_a_change_of_data_is_told_and_no_fault(copied: Path, capsys) -> None:
    assert verify.main([]) == 0
    out = capsys.readouterr().out
    assert "ok    dvc.lock has the results of this data" in out
    assert "ok    no DVC remote" in out
    change_photo("second")
    run("git", "commit", "--quiet", "--all", "--message", "Second")
    assert verify.main(["--base", "HEAD~1"]) == 0
    assert "ok    to run, with all that depends on them: copy" in capsys.readouterr().out


def test_a_lock_file_of_something_else_is_a_fault(copied: Path, capsys) -> None:
    change_photo("second")
    repro()
    change_photo("third")
    run("git", "commit", "--quiet", "--all", "--message", "Second and third")
    assert verify.main(["--base", "HEAD~1"]) == 1
    assert "WRONG dvc.lock was changed, but stages are stale: copy; " in capsys.readouterr().out
    assert verify.main([]) == 0  # without a base nobody says that it was changed


def test_a_forgotten_push_is_a_fault(copied: Path, tmp_path: Path, capsys) -> None:
    set_remote(tmp_path / "remote")
    run("git", "commit", "--quiet", "--all", "--message", "Remote")
    assert verify.main([]) == 1
    assert "WRONG not in the DVC remote: photos/one; `dvc push`" in capsys.readouterr().out
    push()
    change_photo("second")
    push("photos/one.dvc")
    Path("dvc.yaml").write_text(Path("dvc.yaml").read_text().replace("cp ", "cat photos/one - > "))
    bare_clone(copied, tmp_path / "clone")
    assert verify.main(["--base", "HEAD"]) == 0
    assert "ok    the DVC remote has all that this commit names" in capsys.readouterr().out


def test_a_remote_that_cannot_be_asked_is_no_fault(copied: Path, capsys) -> None:
    set_remote("ssh://127.0.0.1:9/x")
    assert verify.main([]) == 0
    assert "ok    DVC remote not checked: dvc data status: " in capsys.readouterr().out
