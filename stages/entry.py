"""How every stage starts and ends: signals, exit codes and error messages."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from pipeline.errors import InputError
from pipeline.exit_codes import exit_code
from pipeline.files import SOURCE
from pipeline.params.fetch import FetchParams
from pipeline.repair.lock_copy import keep_copy

_STOPS = (signal.SIGINT, signal.SIGTERM)
_SECONDS_TO_CLEAN_UP = 10


def run_stage(main: Callable[[], None]) -> None:
    """Call `main` and exit; an error that the user can fix is one line on stderr.

    SIGTERM, which is also sent when DVC dies, and Ctrl-C stop it within ten seconds and remove
    half-written files.
    """
    for number in _STOPS:
        signal.signal(number, _stop)

    def work() -> None:
        if "DVC_STAGE" in os.environ:
            keep_copy()
        main()

    code = exit_code(work, "stopped: run the same command again to go on")
    if code:
        raise SystemExit(code)


def _stop(number: int, frame: FrameType | None) -> None:
    """Stop the main thread once: Ctrl-C also ends DVC, which would interrupt the clean-up."""
    for each in _STOPS:
        signal.signal(each, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_SECONDS_TO_CLEAN_UP)  # has no handler, so the kernel ends a process that hangs
    raise KeyboardInterrupt


@contextmanager
def naming_originals(params: FetchParams) -> Iterator[None]:
    """Make errors raised in the block name the user's own files, not the copies in data/source.

    A fix made to a copy is lost when the fetch stage copies again.
    """
    try:
        yield
    except InputError as error:
        if params.source != "local" or not params.path.exists():
            raise
        raise error.reworded(lambda words: _with_originals(words, params)) from None


def _with_originals(words: str, params: FetchParams) -> str:
    originals = {str(SOURCE): str(params.path)}  # in case there are several sets
    for source in params.sets:
        copy = SOURCE / source.path
        original = _root_of(params.path / source.path, copy) if copy.is_dir() else copy
        originals[str(copy)] = str(original)
    copies = "|".join(map(re.escape, sorted(originals, key=len, reverse=True)))
    whole = rf"({copies})(?![\w.-])"  # data/source/a, not data/source/ab
    return re.sub(whole, lambda found: originals[found[1]], words)


def _root_of(folder: Path, copy: Path) -> Path:
    """Return the root of the set: the folder or, as in `find_set`, one up to two levels below.

    Found by comparing file names, so that no label reader is needed.
    """
    names = [entry.name for entry in copy.iterdir()]
    for pattern in ("", "*/", "*/*/"):
        for place in sorted(folder.glob(pattern)) if pattern else [folder]:
            if all((place / name).exists() for name in names):
                return place
    return folder
