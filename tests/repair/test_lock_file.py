"""Lock files with real damage: truncated, bit-flipped, merged."""

import random
import subprocess

import pytest
from dvc.repo import Repo

from pipeline.files import LOCK
from pipeline.repair.aside import DAMAGED
from pipeline.repair.lock_copy import COPY
from pipeline.repair.lock_file import (
    find_fault,
    is_sound,
    lock_findings,
    mend_lock,
    stage_names,
    with_order,
)
from pipeline.tracking.dvc_lock import parse_lock
from tests.conftest import ROOT

TEXT = (ROOT / "dvc.lock").read_text()
SHORT = TEXT[: TEXT.index(f"\n  {stage_names(TEXT)[3]}:") + 1]  # three stages, soon read
HEADER = "schema: '2.0'\nstages:\n"


def entry(name: str, md5: str = "0123456789abcdef0123456789abcdef") -> str:
    outs = f"    outs:\n    - path: {name}.txt\n      hash: md5\n      md5: {md5}\n      size: 3\n"
    return f"  {name}:\n    cmd: make {name}\n{outs}"


def test_a_sound_one_has_no_fault():
    assert is_sound(TEXT)
    assert find_fault(TEXT) is None
    assert find_fault(TEXT, TEXT, TEXT) is None
    assert find_fault("") is None  # a project in which nothing has run


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.999])
def test_half_a_file_becomes_the_earlier_one_again(share):
    fault = find_fault(SHORT[: int(len(SHORT) * share)], copy=SHORT)
    assert parse_lock(fault.text, "") == parse_lock(SHORT, "")
    assert is_sound(fault.text)


def test_what_half_a_file_has_is_newer_than_the_copy():
    old, new = HEADER + entry("a", "a" * 32) + entry("b"), HEADER + entry("a") + entry("b")
    assert find_fault(new[:-40], copy=old).text == new


def test_an_end_that_parses_is_found_by_the_stages_that_miss():
    text = HEADER + entry("a") + entry("b")
    fault = find_fault(HEADER + entry("a"), copy=text)
    assert fault == find_fault(HEADER + entry("a"), committed=text)
    assert (fault.reason, fault.text) == ("is cut off", text)


def test_the_commit_may_have_fewer_stages_than_the_copy():
    committed = HEADER + entry("a")
    assert find_fault(committed, copy=HEADER + entry("a") + entry("b"), committed=committed) is None


def test_without_an_earlier_one_the_whole_entries_stay():
    text = HEADER + entry("a") + entry("b")
    assert find_fault(text[:-60]).text == HEADER + entry("a")
    assert find_fault(HEADER + "  a:\n    cm").text == ""


def test_flipped_bits_never_leave_what_dvc_cannot_read():
    choose = random.Random(3)
    text = HEADER + "".join(entry(f"stage{number}") for number in range(6))
    for _ in range(60):
        content = bytearray(text.encode())
        content[choose.randrange(len(content))] ^= 1 << choose.randrange(8)
        flipped = content.decode(errors="replace")
        fault = find_fault(flipped, copy=text)
        assert is_sound(flipped if fault is None else fault.text)
        if fault:
            assert set(parse_lock(fault.text, "")) >= {f"stage{number}" for number in range(6)}


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_the_marks_of_a_merge(style, tmp_path):
    sides = {
        "ours": HEADER + entry("a", "b" * 32) + entry("b"),
        "base": HEADER + entry("a", "a" * 32) + entry("b"),
        "theirs": HEADER + entry("a", "c" * 32) + entry("b"),
    }
    for name, text in sides.items():
        (tmp_path / name).write_text(text)
    words = ["git", "merge-file", "-p", *(["--diff3"] if style == "diff3" else []), *sides]
    merged = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True).stdout
    assert "<<<<<<<" in merged
    fault = find_fault(merged, copy=sides["base"], committed=sides["ours"])
    assert (fault.text, fault.reason) == (sides["ours"], "has conflict markers of a merge")


class TestInAProject:
    """With real files, in a project with git and DVC."""

    @pytest.fixture(autouse=True)
    def project(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
        subprocess.run(["git", "init", "--quiet"], check=True)
        Repo.init().close()

    def test_none_is_no_fault(self):
        assert [finding.remedy for finding in lock_findings()] == [""]

    def test_a_sound_one_is_left_alone(self, capsys):
        LOCK.write_text(SHORT)
        mend_lock()
        assert (LOCK.read_text(), capsys.readouterr().out) == (SHORT, "")

    def test_half_a_file_is_mended_and_kept(self, capsys):
        COPY.parent.mkdir()
        COPY.write_text(HEADER + entry("a"))
        LOCK.write_text(HEADER + entry("a")[:-9])
        mend_lock()
        assert LOCK.read_text() == COPY.read_text()
        assert capsys.readouterr().out.startswith("dvc.lock is cut off; restored")
        (aside,) = DAMAGED.rglob("dvc.lock")
        assert aside.read_text() == HEADER + entry("a")[:-9]
        with Repo() as repo:
            assert repo.status() == {}

    def test_git_has_it_where_no_stage_has_run_here(self):
        LOCK.write_text(SHORT)
        who = ("-c", "user.name=me", "-c", "user.email=me@example.org")
        subprocess.run(["git", "add", "dvc.lock"], check=True)
        subprocess.run(["git", *who, "commit", "--quiet", "-m", "one"], check=True)
        LOCK.write_text("")
        mend_lock()
        assert parse_lock(LOCK.read_text(), "") == parse_lock(SHORT, "")

    def test_nothing_to_restore_it_from(self, capsys):
        LOCK.write_text("schema: '2.0'\nstag\n")
        mend_lock()
        assert not LOCK.exists()
        assert "`dvc repro` runs all stages again" in capsys.readouterr().out


def test_entries_are_put_in_order_and_nothing_else_changes():
    text = "schema: '2.0'\nstages:\n" + "".join(
        f"  {n}:\n    cmd: {n}\n" for n in ("c@1", "b", "a")
    )
    ordered = with_order(text, ["a", "absent", "b"])
    assert stage_names(ordered) == ["a", "b", "c@1"]
    assert sorted(ordered.splitlines()) == sorted(text.splitlines()) and is_sound(ordered)
    assert with_order("", ["a"]) == ""
    other = f"{text}datasets: []\n"
    assert with_order(other, ["a"]) == other
