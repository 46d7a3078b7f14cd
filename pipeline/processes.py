"""Processes on this machine: ending with the parent, checking for life, using all cores."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from pipeline.errors import InputError

Item = TypeVar("Item")
_inherited: list[Callable[[int], None]] = []  # the work of a worker process


def die_with_parent() -> None:
    """Send SIGTERM to this process when its parent ends, on Linux.

    Otherwise a killed `dvc repro` leaves its stage running, and the next one deletes the output
    folder under it.
    """
    if sys.platform != "linux":
        return
    import ctypes

    parent = os.getppid()
    pr_set_pdeathsig = 1  # linux/prctl.h
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before prctl; in a container, PID 1 may be the parent
        raise SystemExit("the parent process has ended")


def terminate_children(process: int) -> None:
    """Send SIGTERM to all descendants of a process."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process).children(recursive=True):
            with suppress(psutil.Error):  # it has ended meanwhile, or belongs to another user
                child.terminate()


def usable_cores() -> int:
    """Return how many of the machine's cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def is_running(process: int) -> bool:
    """Return whether the process with this id is running; a zombie is not.

    In a container whose PID 1 is not an init, nobody reaps an orphan, and `kill -0` takes it for a
    running process.
    """
    import psutil

    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # it belongs to another user
        return True


def on_all_cores(work: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Call `work` with each item, on Linux in as many processes as there are cores.

    Threads would not do, as Matplotlib is not made for them. The processes are forked, so they
    share what `work` refers to; nothing is pickled but exceptions.

    Raises:
        InputError: a process was killed.
        Exception: of `work`, with the first item for which it failed; later items may be left out.
    """
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    processes = min(usable_cores(), len(items))
    if processes < 2 or sys.platform != "linux":
        for item in items:
            work(item)
        return
    inherited = (lambda place: work(items[place]),)
    try:
        with ProcessPoolExecutor(processes, get_context("fork"), _start, inherited) as pool:
            for _ in pool.map(_call, range(len(items))):
                pass
    except BrokenProcessPool:
        raise InputError("a process was killed: perhaps memory is short; run it again") from None


def _start(work: Callable[[int], None]) -> None:
    """Prepare a worker process, which ends with its parent, and not by itself."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is sent to all: the parent ends them
    die_with_parent()
    _inherited[:] = [work]


def _call(place: int) -> None:
    _inherited[0](place)
