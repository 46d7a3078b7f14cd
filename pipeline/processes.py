"""Processes on this machine: ending with the parent, checking for life, counting cores."""

import os
import sys
from contextlib import suppress


def die_with_parent() -> None:
    """Send SIGTERM to this process when its parent ends, on Linux.

    Otherwise a killed `dvc repro` leaves its stage running, and the next one deletes the output
    folder under it.
    """
    if sys.platform != "linux":
        return
    import ctypes
    import signal

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
