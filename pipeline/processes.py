"""Processes of this machine: one that ends with its parent, and whether one is there still."""

import os
import sys


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


def is_running(process: int) -> bool:
    """Return whether there is a process of this number, on POSIX."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of somebody else
        pass
    return True
