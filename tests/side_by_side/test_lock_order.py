"""The order of dvc.lock."""

from pathlib import Path

from pipeline.files import LOCK
from pipeline.side_by_side.lock_order import read_order, restore_order
from tests.commands.one_stage import dvc, git
from tests.side_by_side.stages import write_stages


def test_stages_that_were_there_stay_and_new_ones_follow_in_order(project):
    write_stages(**{name: (f"echo {name} > {name}", []) for name in "abc"})
    assert read_order() == []
    for name in "cba":
        dvc(project, "repro", "--quiet", "--single-item", name)
    ended = LOCK.read_text()
    restore_order(["c"], ["a", "b", "c"])
    assert read_order() == ["c", "a", "b"]
    assert sorted(LOCK.read_text().splitlines()) == sorted(ended.splitlines())
    assert git(project, "diff", "--name-only", "--", str(LOCK)) == ""  # staged, as DVC does


def test_one_in_order_is_not_touched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no project: DVC would refuse
    restore_order([], ["a"])
    LOCK.write_text("schema: '2.0'\nstages:\n  b:\n    cmd: b\n  c:\n    cmd: c\n")
    before = LOCK.stat().st_mtime_ns
    restore_order(["b"], ["a", "b", "c"])
    assert LOCK.stat().st_mtime_ns == before and not Path("dvc.partial.lock").exists()
