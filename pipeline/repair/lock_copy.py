"""The last copy of `dvc.lock` that DVC could read, for when it is killed while writing the next."""

import shutil
from contextlib import suppress
from pathlib import Path

from pipeline.files import LOCK, write_beside

COPY = Path(".ladder/dvc.lock")


def keep_copy() -> None:
    """Copy the lock file; a stage that DVC has started calls it, as DVC has just read the file."""
    with suppress(OSError):  # no lock file yet, or no room: a stage can do without
        write_beside(COPY, lambda beside: shutil.copyfile(LOCK, beside))
