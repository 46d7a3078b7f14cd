"""How every stage and command ends: an error that the user can fix is one line, and a code."""

import errno
import sys
from collections.abc import Callable

from pipeline.errors import InputError

FAILED, REFUSED = 1, 3  # refused: by the gate of `ladder promote`
INTERRUPTED, TERMINATED = 130, 143  # by Ctrl-C, by SIGTERM


def exit_code(work: Callable[[], int | None], when_interrupted: str = "stopped") -> int:
    """Return the exit code of `work`, 0 where it returns none; a bug keeps its traceback.

    Args:
        work: what is done. An `InputError`, or an `OSError` (a full disk, a missing folder), is
            one line on stderr and the code 1; Ctrl-C is 130.
        when_interrupted: the line that is printed then.
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
    """Return what helps where an error of the system does not say it."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "; free some space, and the same command goes on with what is whole"
    return ""
