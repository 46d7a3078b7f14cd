"""Processes: ending with the parent, checking for life, counting cores."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from pipeline.processes import die_with_parent, is_running, terminate_children, usable_cores

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
