"""Keeps repairs from running while DVC does, whose half-written files are not faults."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pipeline.errors import InputError
from pipeline.processes import is_running
from pipeline.repair.finding import Finding

_RWLOCK = Path(".dvc/tmp/rwlock")  # JSON: which processes read and write which files
_DAMAGED = (ValueError, TypeError, KeyError, AttributeError)  # what a truncated file raises
_BUSY = ".dvc: another DVC is running here; wait for it to finish"


def mend(finding: Finding) -> str:
    """Repair a fault and return in words what was done, "" if it cannot be repaired.

    Raises:
        InputError: DVC is running, or there is no DVC project here.
    """
    if finding.mend is None:
        return ""
    with nobody_at_work():
        return finding.mend()


@contextmanager
def nobody_at_work() -> Iterator[None]:
    """Hold DVC's own lock during the block.

    Raises:
        InputError: another process holds it or runs a stage, or there is no DVC project here.
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
            if any(map(is_running, _stage_runners())):  # DVC releases its lock while a stage runs
                raise InputError(_BUSY)
        yield


def rwlock_findings() -> Iterator[Finding]:
    """Yield a fault if a kill has left DVC's rwlock in a state that makes it refuse all work.

    The file may be truncated, or name a zombie process, which DVC takes for a running one.
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
    return "removed: its processes have ended"


def _stage_runners() -> set[int]:
    """Return the ids of the processes that run a stage, or did when they were killed."""
    if not _RWLOCK.is_file():
        return set()
    by_mode = json.loads(_RWLOCK.read_text()).values()
    # Readers are a list, the writer is a single one.
    held = [holders for by_path in by_mode for holders in by_path.values()]
    several = [one if isinstance(one, list) else [one] for one in held]
    return {int(one["pid"]) for holders in several for one in holders}
