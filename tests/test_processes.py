"""Processes: ending with the parent, checking for life, using all cores."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import processes
from pipeline.errors import InputError
from pipeline.processes import (
    die_with_parent,
    is_running,
    on_all_cores,
    terminate_children,
    usable_cores,
)
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child of its parent's end"
)
CHILD = """
import time
import stages
print("ready", flush=True)
time.sleep(60)
"""
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], stdout=subprocess.PIPE, text=True)
assert child.stdout.readline() == "ready\\n"
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("started_by_dvc", [True, False])
def test_a_stage_ends_with_dvc(started_by_dvc):
    environment = {key: value for key, value in os.environ.items() if key != "DVC_STAGE"}
    environment |= {"DVC_STAGE": "pixels"} if started_by_dvc else {}
    words = [sys.executable, "-c", PARENT]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + (10 if started_by_dvc else 0.5)
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_running(child) != started_by_dvc
    if not started_by_dvc:
        os.kill(child, signal.SIGKILL)


def test_what_a_process_has_started_is_told_to_end():
    words = [sys.executable, "-c", PARENT]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    terminate_children(parent.pid)
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(child) and parent.poll() is None
    parent.kill()
    parent.wait()
    terminate_children(parent.pid)  # of one that has ended there are none


@pytest.mark.parametrize(("parents", "ends"), [((1, 1), False), ((7, 7), False), ((7, 1), True)])
def test_only_a_parent_that_changed_has_ended(monkeypatch, parents, ends):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(prctl=lambda *request: 0))
    monkeypatch.setattr(os, "getppid", iter(parents).__next__)
    with pytest.raises(SystemExit) if ends else nullcontext():
        die_with_parent()


def test_one_that_nobody_has_waited_for_has_ended():
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as ended:
        ended.stdout.read()
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        os.kill(ended.pid, 0)  # there
        assert not is_running(ended.pid)
    assert not is_running(ended.pid)
    assert is_running(os.getpid()) and is_running(1)


def test_only_the_cores_that_it_may_use_count():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert usable_cores() == len(allowed)


def test_where_no_system_says_it_all_cores_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert usable_cores() == 3


@pytest.fixture
def cores(monkeypatch):
    """Let there be so many cores."""
    return lambda count: monkeypatch.setattr(processes, "usable_cores", lambda: count)


@pytest.mark.parametrize("items", [[], ["a"], ["a", "b"], ["a", "b", "c", "d", "e"]])
@pytest.mark.parametrize("count", [1, 2, 8])
def test_every_item_is_done_once(tmp_path, cores, count, items):
    cores(count)

    def note(item):
        with (tmp_path / item).open("a") as file:
            file.write(item)

    on_all_cores(note, items)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {a: a for a in items}


def test_processes_beside_each_other_do_the_work(tmp_path, cores):
    """Each of two waits until the other has begun."""
    cores(2)

    def meet(item):
        (tmp_path / item).write_text(str(os.getpid()))
        end = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < 2:
            assert time.monotonic() < end
            time.sleep(0.01)

    on_all_cores(meet, ["a", "b"])
    seen = {int(path.read_text()) for path in tmp_path.iterdir()}
    assert len(seen) == 2 and os.getpid() not in seen


@pytest.mark.parametrize("count", [1, 2])
def test_the_first_error_is_raised_as_it_was(cores, count):
    cores(count)

    def refuse(item):
        if item > 1:
            raise InputError(f"{item}: bad", "and why")

    with pytest.raises(InputError) as error:
        on_all_cores(refuse, [1, 2, 3])
    assert error.value.args == ("2: bad", "and why")


def test_a_killed_process_is_one_line(cores):
    cores(2)
    with pytest.raises(InputError, match=r"^a process was killed: perhaps memory is short"):
        on_all_cores(lambda _: os.kill(os.getpid(), signal.SIGKILL), [1, 2])


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_first(tmp_path, number):
    program = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from pipeline import processes as module\n"
        "module.usable_cores = lambda: 2\n"
        "def work(item):\n"
        "    Path(sys.argv[1], str(os.getpid())).touch()\n"
        "    time.sleep(0.5)\n"
        "module.on_all_cores(work, list(range(40)))\n"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stderr=subprocess.PIPE
    )
    wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    started.send_signal(number)
    assert started.wait(timeout=60) != 0
    workers = [int(path.name) for path in Path(tmp_path).iterdir()]
    assert len(workers) == 2
    wait_for(lambda: not any(map(is_running, workers)))


def wait_for(happened):
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)
