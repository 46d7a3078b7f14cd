"""How every stage starts and ends: with its parent, and with an exit code."""

import os
import sys
from collections.abc import Callable

from pipeline.exit_codes import exit_code


def run_stage(main: Callable[[], None]) -> None:
    """Call `main` and end this process; what the user can fix is one line on stderr."""
    code = exit_code(main, "stopped: run the same command again to go on")
    if code:
        raise SystemExit(code)


def die_with_parent() -> None:
    """End this process when its parent ends, on Linux.

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
