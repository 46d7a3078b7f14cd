"""How every stage and command ends: errors that users can fix are one line and an exit code."""

import errno
import sys
from collections.abc import Callable

from pipeline.errors import InputError

FAILED, REFUSED = 1, 3  # refused: by the gate of `ladder promote`
INTERRUPTED, TERMINATED = 130, 143  # by Ctrl-C, by SIGTERM


def exit_code(work: Callable[[], int | None], when_interrupted: str = "stopped") -> int:
    """Run `work` and return its exit code, 0 if it returns None; a bug keeps its traceback.

    Args:
        work: what to run. An `InputError` or `OSError` (a full disk, a missing folder) prints one
            line on stderr and gives 1; Ctrl-C gives 130.
        when_interrupted: the line to print on Ctrl-C.
    """
    try:
        return work() or 0
    except (InputError, OSError) as error:
        sys.stdout.flush()
        print(f"error: {error}{_remedy(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(when_interrupted, file=sys.stderr)
        return INTERRUPTED


def _remedy(error: Exception) -> str:
    """Return what to do about an error of the system that does not say it."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "; free some space, and the same command continues from what is complete"
    return ""
