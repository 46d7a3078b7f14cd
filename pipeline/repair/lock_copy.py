"""The last copy of `dvc.lock` that DVC could read, for when it is killed while writing the next."""

import shutil
from contextlib import closing, suppress
from pathlib import Path

from pipeline.files import LOCK, write_beside

COPY = Path(".ladder/dvc.lock")
_DVC_LOCK = ".dvc/tmp/lock"  # held by a DVC for as long as it works on the project itself


def keep_copy() -> None:
    """Copy the lock file; a stage that DVC has started calls it, as DVC has just read the file.

    Not while another DVC is at work, as beside a stage of `ladder repro`: it may have written half.
    """
    from zc.lockfile import LockError, LockFile

    with suppress(OSError, LockError):  # no lock file yet, or no room: a stage can do without
        with closing(LockFile(_DVC_LOCK)):
            write_beside(COPY, lambda beside: shutil.copyfile(LOCK, beside))
