"""How every stage ends: its own errors in one line, everything unforeseen with a traceback."""

import os
import sys
from collections.abc import Callable

from pipeline.errors import InputError


def run_stage(main: Callable[[], None]) -> None:
    """Call `main`; an `InputError` becomes one line on stderr and exit code 1."""
    # A full disk, a missing folder or Ctrl-C is the user's to mend as well: one line, too.
    try:
        main()
    except (InputError, OSError) as error:
        sys.stdout.flush()
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("stopped: run the same command again to go on", file=sys.stderr)
        raise SystemExit(130) from None


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
