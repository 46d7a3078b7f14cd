"""How every stage starts and ends: when told, with an exit code, and in the user's words."""

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
    """Call `main` and end this process; an error that the user can fix is one line on stderr.

    SIGTERM, which the end of DVC sends as well, and Ctrl-C stop it: what is half written goes, and
    all is over within ten seconds.
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
    """Stop the main thread, once: Ctrl-C also ends DVC, whose end would interrupt the cleaning."""
    for each in _STOPS:
        signal.signal(each, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_SECONDS_TO_CLEAN_UP)  # nobody handles it, so the kernel ends what hangs
    raise KeyboardInterrupt


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
        raise error.reworded(lambda words: _with_originals(words, params)) from None


def _with_originals(words: str, params: FetchParams) -> str:
    originals = {str(SOURCE): str(params.path)}  # of all sets together, where there are several
    for source in params.sets:
        copy = SOURCE / source.path
        original = _root_of(params.path / source.path, copy) if copy.is_dir() else copy
        originals[str(copy)] = str(original)
    copies = "|".join(map(re.escape, sorted(originals, key=len, reverse=True)))
    whole = rf"({copies})(?![\w.-])"  # data/source/a, not data/source/ab
    return re.sub(whole, lambda found: originals[found[1]], words)


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
