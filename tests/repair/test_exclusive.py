"""Nothing is repaired while DVC is running."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.fs import LocalFileSystem
from dvc.repo import Repo

from pipeline.errors import InputError
from pipeline.repair.exclusive import mend, nobody_at_work, rwlock_findings
from pipeline.repair.finding import Finding

LIST = Path(".dvc/tmp/rwlock")
GONE = Finding("a fault", "a remedy", lambda: "mended")
HOLD = """
import time
from dvc.repo import Repo
with Repo() as repo, repo.lock:
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Repo.init(no_scm=True).close()


def held_by(process: int) -> None:
    holder = {"pid": process, "cmd": "dvc repro"}
    LIST.write_text(json.dumps({"write": {"a": holder}, "read": {"b": [holder]}}))


def test_a_fault_is_mended():
    assert mend(GONE) == "mended"
    assert mend(Finding("a fault", "by hand")) == ""


def test_not_while_another_holds_the_lock():
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="another DVC is running here; wait for it"):
            mend(GONE)
        other.kill()


def test_not_while_another_runs_a_stage():
    held_by(os.getppid())
    with pytest.raises(InputError, match="another DVC is running"):
        mend(GONE)


def test_one_that_was_killed_is_not_at_work():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    held_by(ended.pid)
    assert mend(GONE) == "mended"


def test_a_zombie_holds_nothing_up():
    """As a killed DVC remains in a container whose PID 1 waits for nobody."""
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        ended.stdout.read()
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        held_by(ended.pid)
        assert is_blocked()
        (fault,) = rwlock_findings()
        assert mend(fault).startswith("removed")
        assert not is_blocked()
    held_by(os.getppid())
    assert list(rwlock_findings()) == []


def is_blocked():
    from dvc.exceptions import DvcException
    from dvc.rwlock import rwlock as dvc_rwlock

    try:
        with dvc_rwlock(".dvc/tmp", LocalFileSystem(), "dvc repro", ["a"], [], False):
            return False
    except DvcException:
        return True


def test_half_a_list_of_processes_is_removed():
    assert list(rwlock_findings()) == []
    for half in ('{"write": {"a"', '{"write": {"a": 1}}', "[1]"):
        LIST.write_text(half)
        (fault,) = rwlock_findings()
        assert fault.what == ".dvc/tmp/rwlock cannot be read"
        assert mend(fault).startswith("removed")
        assert not LIST.exists()


def test_outside_a_project(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("/")
    with pytest.raises(InputError, match="run from the project's root folder"), nobody_at_work():
        pass
