"""How every stage starts and ends: with its parent, with an exit code, and in the user's words."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError
from pipeline.exit_codes import exit_code
from pipeline.files import SOURCE
from pipeline.params.fetch import FetchParams


def run_stage(main: Callable[[], None]) -> None:
    """Call `main` and end this process; an error that the user can fix is one line on stderr."""
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


@contextmanager
def naming_originals(params: FetchParams) -> Iterator[None]:
    """Let errors that leave the block name the user's own files, not their copies in data/source.

    Who mends a copy finds it undone when the fetch stage copies it again.
    """
    try:
        yield
    except InputError as error:
        if params.source != "local" or not params.path.exists():
            raise
        message = str(error)
        for source in params.sets:
            copy = SOURCE / source.path
            if copy.is_dir():
                original = str(_root_of(params.path / source.path, copy))
                whole = rf"{re.escape(str(copy))}(?![\w.-])"  # data/source/a, not data/source/ab
                message = original.join(re.split(whole, message))
        raise InputError(message) from None


def _root_of(folder: Path, copy: Path) -> Path:
    """Return where the set lies: in the folder or, as `find_set` looks, up to two levels below.

    Told by the names in the copy, so that a stage which reads no labels needs no reader of them.
    """
    names = [entry.name for entry in copy.iterdir()]
    for pattern in ("", "*/", "*/*/"):
        for place in sorted(folder.glob(pattern)) if pattern else [folder]:
            if all((place / name).exists() for name in names):
                return place
    return folder
