"""Commits onto a branch that others push to, with real git."""

from pathlib import Path

import pytest

from pipeline.cycle.branch import Branch, Pushed, commit
from pipeline.errors import InputError
from tests.cycle.conftest import bare_clone, run

MAIN = Branch("main")
OWN = ("dvc.lock", "metrics", "params.yaml")


@pytest.fixture
def clones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: None) -> tuple[Path, Path]:
    """Work in one of two clones of a bare repository with a dvc.lock."""
    origin, mine, other = (tmp_path / name for name in ("origin.git", "mine", "other"))
    run("git", "init", "--quiet", "--bare", "-b", "main", str(origin))
    monkeypatch.chdir(tmp_path)
    bare_clone(origin, mine)
    Path("dvc.lock").write_text("one: 1\n\n\ntwo: 1\n")
    commit("First", ["dvc.lock"])
    run("git", "push", "--quiet", "origin", "HEAD:main")
    bare_clone(origin, other)
    monkeypatch.chdir(mine)
    return mine, other


def push_of(other: Path, name: str, content: str) -> None:
    """Let the other clone push a file."""
    (other / name).write_text(content)
    run("git", "-C", str(other), "add", name)
    run("git", "-C", str(other), "commit", "--quiet", "--message", f"{name} of the other")
    run("git", "-C", str(other), "push", "--quiet", "origin", "HEAD:main")


def subjects() -> list[str]:
    """Return the subjects of the commits in origin, the latest first."""
    run("git", "fetch", "--quiet")
    return run("git", "log", "--format=%s", "origin/main").splitlines()


def test_only_what_differs_is_committed(clones: tuple[Path, Path]) -> None:
    assert not commit("Nothing", ["dvc.lock"])
    Path("stray").write_text("")
    Path("dvc.lock").write_text("one: 2\n\n\ntwo: 1\n")
    assert commit("Second", ["dvc.lock"])
    assert MAIN.push() is Pushed.YES
    assert subjects() == ["Second", "First"]
    assert run("git", "status", "--porcelain") == "?? stray"


def test_what_others_push_meanwhile_comes_before(clones: tuple[Path, Path]) -> None:
    Path("dvc.lock").write_text("one: 2\n\n\ntwo: 1\n")
    commit("Second", ["dvc.lock"])
    push_of(clones[1], "code.py", "")
    assert MAIN.push() is Pushed.YES
    assert subjects() == ["Second", "code.py of the other", "First"]
    run("git", "-C", str(clones[1]), "pull", "--quiet", "--rebase")
    push_of(clones[1], "more.py", "")
    MAIN.follow(OWN)
    assert Path("more.py").exists()


def test_another_result_of_the_same_stage_is_told_and_taken(clones: tuple[Path, Path]) -> None:
    Path("dvc.lock").write_text("one: 2\n\n\ntwo: 1\n")
    commit("Mine", ["dvc.lock"])
    push_of(clones[1], "dvc.lock", "one: 3\n\n\ntwo: 1\n")
    assert MAIN.push() is Pushed.OTHER_RESULT
    assert run("git", "log", "-1", "--format=%s") == "Mine"
    assert run("git", "status", "--porcelain") == ""
    MAIN.take()
    assert Path("dvc.lock").read_text().startswith("one: 3")


def test_what_is_not_committed_is_kept_aside(clones: tuple[Path, Path]) -> None:
    assert MAIN.kept_aside() == ""
    for text in ("one: 2\n", "one: 3\n"):
        Path("dvc.lock").write_text(text)
        MAIN.keep_aside("Refused", ["dvc.lock", "metrics"])
    assert run("git", "show", f"{MAIN.kept_aside()}:dvc.lock") == "one: 3"
    assert run("git", "log", "--format=%s", MAIN.kept_aside()).splitlines() == ["Refused", "First"]
    assert run("git", "log", "--format=%s").splitlines() == ["First"] == subjects()
    MAIN.clear_aside()
    assert MAIN.kept_aside() == ""
    MAIN.clear_aside()  # there is none: no error


def test_a_remote_that_refuses(clones: tuple[Path, Path], tmp_path: Path) -> None:
    hook = tmp_path / "origin.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'main is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    Path("dvc.lock").write_text("one: 2\n")
    commit("Second", ["dvc.lock"])
    with pytest.raises(InputError, match=r"origin/main: not pushed: .*main is protected"):
        MAIN.push()


def test_a_branch_that_went_another_way_is_not_followed(clones: tuple[Path, Path]) -> None:
    Path("dvc.lock").write_text("one: 2\n")
    commit("Second", ["dvc.lock"])
    push_of(clones[1], "code.py", "")
    with pytest.raises(InputError, match=r"HEAD: 1 commit that origin/main lacks \(\w+ Second\)"):
        MAIN.follow(OWN)
    assert run("git", "log", "-1", "--format=%s") == "Second"


def test_commits_that_nobody_has_pushed_stay(clones: tuple[Path, Path]) -> None:
    for text in ("1", "2"):
        Path("mine.py").write_text(text)
        commit(f"My {text}", ["mine.py"])
    words = r"HEAD: 2 commits that origin/main lacks \(\w+ My 2\); push first, or discard what is n"
    with pytest.raises(InputError, match=words):
        MAIN.follow(OWN)
    with pytest.raises(InputError, match=words):  # one of them is no result
        MAIN.take()
    assert run("git", "log", "--format=%s").splitlines() == ["My 2", "My 1", "First"]


@pytest.mark.parametrize("staged", [False, True])
def test_work_that_is_not_committed_is_refused(clones: tuple[Path, Path], staged: bool) -> None:
    push_of(clones[1], "code.py", "")
    MAIN.follow(OWN)
    push_of(clones[1], "more.py", "")
    Path("code.py").write_text("mine")
    if staged:
        run("git", "add", "code.py")
    with pytest.raises(InputError, match=r"code\.py: changed but not committed; commit or stash"):
        MAIN.follow(OWN)
    assert Path("code.py").read_text() == "mine" and not Path("more.py").exists()


def test_what_a_stopped_run_has_left_is_no_hindrance(clones: tuple[Path, Path]) -> None:
    push_of(clones[1], "code.py", "")
    Path("dvc.lock").write_text("one: 2\n\n\ntwo: 1\n")
    Path("metrics").mkdir()
    Path("metrics/one.json").write_text("{}")
    run("git", "add", "dvc.lock", "metrics")  # as `keep_aside` leaves them
    MAIN.follow(OWN)
    assert Path("code.py").exists() and Path("dvc.lock").read_text().startswith("one: 2")
    assert Path("metrics/one.json").exists()


def test_taking_what_was_pushed_keeps_what_is_not_committed(clones: tuple[Path, Path]) -> None:
    for name in ("code.py", "more.py"):
        push_of(clones[1], name, "")
    MAIN.follow(OWN)
    Path("dvc.lock").write_text("one: 2\n\n\ntwo: 1\n")
    commit("Mine", ["dvc.lock"])
    Path("code.py").write_text("written while it trained")
    push_of(clones[1], "dvc.lock", "one: 3\n\n\ntwo: 1\n")
    MAIN.take()
    assert Path("dvc.lock").read_text().startswith("one: 3")
    assert Path("code.py").read_text() == "written while it trained"
    push_of(clones[1], "code.py", "theirs")
    with pytest.raises(InputError, match=r"git reset of main: .*code\.py"):
        MAIN.take()
    assert Path("code.py").read_text() == "written while it trained"


def test_no_repository_to_push_to(clones: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "origin.git").rename(tmp_path / "gone")
    with pytest.raises(InputError, match="origin/main: cannot be pulled; push again later"):
        MAIN.push()
