"""Nothing is mended while a DVC is at work: its half-written files are no faults."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pipeline.errors import InputError
from pipeline.processes import is_running
from pipeline.repair.finding import Finding

_RWLOCK = Path(".dvc/tmp/rwlock")  # JSON: who reads and writes which files
_DAMAGED = (ValueError, TypeError, KeyError, AttributeError)  # what half of it raises
_BUSY = ".dvc: another DVC is at work here; wait for its end"


def mend(finding: Finding) -> str:
    """Mend what a finding is of, and return in words what was done, "" where nobody can.

    Raises:
        InputError: a DVC is at work, or there is no project of it here.
    """
    if finding.mend is None:
        return ""
    with nobody_at_work():
        return finding.mend()


@contextmanager
def nobody_at_work() -> Iterator[None]:
    """Hold DVC's own lock for the length of the block.

    Raises:
        InputError: another process has it or runs a stage, or there is no project of DVC here.
    """
    from dvc.exceptions import DvcException
    from dvc.lock import LockError
    from dvc.repo import Repo

    with ExitStack() as stack:
        try:
            repo = stack.enter_context(Repo())
            stack.enter_context(repo.lock)
        except LockError:
            raise InputError(_BUSY) from None
        except DvcException as error:
            raise InputError(f".dvc: {error}; run from the project's root folder") from None
        with suppress(*_DAMAGED):
            if any(map(is_running, _stage_runners())):  # DVC gives up its lock while a stage runs
                raise InputError(_BUSY)
        yield


def rwlock_findings() -> Iterator[Finding]:
    """Yield a fault where a kill has left a file of DVC's with which it refuses all work.

    Half a file, or one that names a process that has ended and for which nobody has waited: DVC
    takes it for a running one.
    """
    import psutil

    try:
        runners = _stage_runners()
    except _DAMAGED:
        yield Finding(f"{_RWLOCK} cannot be read", f"`rm {_RWLOCK}`", _forget_runners)
        return
    if any(map(psutil.pid_exists, runners)) and not any(map(is_running, runners)):
        what = f"{_RWLOCK} names processes that have ended, which DVC waits for"
        yield Finding(what, f"`rm {_RWLOCK}`", _forget_runners)


def _forget_runners() -> str:
    _RWLOCK.unlink()
    return "removed: it names processes that are no more"


def _stage_runners() -> set[int]:
    """Return the processes that run a stage, or did so when they were killed."""
    if not _RWLOCK.is_file():
        return set()
    by_mode = json.loads(_RWLOCK.read_text()).values()
    held = [holders for by_path in by_mode for holders in by_path.values()]
    several = [one if isinstance(one, list) else [one] for one in held]  # readers; one writer
    return {int(one["pid"]) for holders in several for one in holders}
