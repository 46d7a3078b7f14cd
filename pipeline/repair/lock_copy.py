"""A copy of the last readable `dvc.lock`, in case DVC is killed while writing the next."""

import shutil
from contextlib import closing, suppress
from pathlib import Path

from pipeline.files import LOCK, write_beside

COPY = Path(".ladder/dvc.lock")
_DVC_LOCK = ".dvc/tmp/lock"  # held by DVC while it works on the project itself


def keep_copy() -> None:
    """Copy the lock file; stages call this when they start, as DVC has just read the file then.

    It is skipped while another DVC runs, as next to a stage of `ladder repro`, which may have
    written half of it.
    """
    from zc.lockfile import LockError, LockFile

    with suppress(OSError, LockError):  # no lock file yet, or no space: a stage can do without
        with closing(LockFile(_DVC_LOCK)):
            write_beside(COPY, lambda beside: shutil.copyfile(LOCK, beside))
