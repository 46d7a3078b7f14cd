"""Processes of this machine: which end with another, whether one runs, on how many cores."""

import os
import sys
from contextlib import suppress


def die_with_parent() -> None:
    """Send SIGTERM to this process when its parent ends, on Linux.

    A killed `dvc repro` would otherwise leave its stage running, and the next one would delete the
    output folder under it.
    """
    if sys.platform != "linux":
        return
    import ctypes
    import signal

    parent = os.getppid()
    pr_set_pdeathsig = 1  # linux/prctl.h
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before prctl; PID 1 may be the parent in a container
        raise SystemExit("the parent process has ended")


def terminate_children(process: int) -> None:
    """Send SIGTERM to all that a process has started, and to what these have started."""
    import psutil

    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process).children(recursive=True):
            with suppress(psutil.Error):  # it has ended meanwhile, or is of somebody else
                child.terminate()


def usable_cores() -> int:
    """Return how many cores this process may use, of those that the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def is_running(process: int) -> bool:
    """Return whether a process of this number is at work.

    One that has ended and for which nobody has waited keeps its number for as long as the container
    runs where PID 1 is not an init; `kill -0` takes it for a running one.
    """
    import psutil

    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # of somebody else
        return True
