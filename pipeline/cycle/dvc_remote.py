"""The DVC remote: whether it is writable, and what it or this machine lacks of a commit."""

import logging
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from pipeline.errors import InputError, first_line
from pipeline.files import LOCK, PREDICTIONS, TABLES
from pipeline.tracking.dvc_lock import parse_lock, read_lock
from pipeline.tracking.git_state import committed_lock, run_git

if TYPE_CHECKING:
    from dvc.repo import Repo

_PROBE_SECONDS = 60
_PROBE = "from pipeline.cycle.dvc_remote import write_probe; write_probe()"


class Status(BaseModel):
    """What `dvc data status` says; folders end with a slash."""

    not_in_remote: list[str] = []
    not_in_cache: list[str] = []


@dataclass(frozen=True)
class Lacking:
    """Missing files and folders.

    Attributes:
        data: tracked by `.dvc` files; no stage can make them again.
        made: outputs of stages, which can make them again.
    """

    data: list[str]
    made: list[str]


def run_dvc(*words: str, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    """Return what a DVC command printed, and its exit code; 124 after a timeout."""
    try:
        return subprocess.run(
            [sys.executable, "-m", "dvc", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 124, "", f"no answer in {seconds} s")


def why_failed(work: Callable[["Repo"], object]) -> str:
    """Let DVC work on the project here; return why that failed, empty if it did not.

    In this process, as DVC takes longer to start than to do most things. Of what it would print, a
    terminal gets only the progress.
    """
    from dvc.repo import Repo

    logging.disable(logging.ERROR)  # of every missing object, by its digest
    try:
        with Repo(".") as repo:
            work(repo)
    except Exception as error:  # each kind of remote fails in its own way
        return first_line(error)
    finally:
        logging.disable(logging.NOTSET)
    return ""


def has_remote() -> bool:
    """Return whether a default remote is configured."""
    from dvc.repo import Repo

    with Repo(".") as repo:
        return bool(repo.config["core"].get("remote"))


def why_out_of_reach() -> str:
    """Return why the default remote cannot be written to; empty if it can.

    Checked before hours of training: a push that fails after them comes too late.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {_PROBE_SECONDS} s"
    return last_line(done.stderr) or f"exit code {done.returncode}" if done.returncode else ""


def write_probe() -> None:
    """Write an empty object to the default remote and remove it; exit with 1 if that fails."""
    from dvc.repo import Repo

    try:
        with Repo(".") as repo:
            store = repo.cloud.get_remote_odb()
            # files/md5 may be missing and is made; the remote's folder above it must be there, as
            # it may be a disk that is not mounted.
            above = Path(store.path).parents[2]
            if store.fs.protocol == "local" and not above.is_dir():
                raise FileNotFoundError(f"{above}: no such folder")
            store.fs.makedirs(store.path, exist_ok=True)
            probe = store.fs.join(store.path, f"probe-{uuid.uuid4().hex}")
            store.fs.pipe_file(probe, b"")
            store.fs.remove(probe)
    except Exception as error:  # each kind of remote fails in its own way
        print(first_line(error), file=sys.stderr)
        sys.exit(1)


def fetch_result(commit: str) -> None:
    """Fetch what a comparison reads of a commit, as far as the default remote has it."""
    lock = parse_lock(committed_lock(commit) or "{}", f"{LOCK} of {commit}")
    outs = {out.path for entry in lock.values() for out in entry.outs}
    needed = [path for path in outs if path.startswith((f"{PREDICTIONS}/", str(TABLES)))]
    if not needed:
        return
    why_failed(lambda repo: repo.fetch(needed, revs=[commit], workspace=False))


def imports() -> list[str]:
    """Return the `.dvc` files of `dvc import` and `dvc import-url`."""
    return run_git("grep", "-l", "--extended-regexp", "^frozen: true", "--", "*.dvc").splitlines()


def update_imports() -> list[str]:
    """Update the data of `dvc import` and `dvc import-url`; return their `.dvc` files.

    Raises:
        InputError: a source does not answer.
    """
    paths = imports()
    for path in paths:
        done = run_dvc("update", "--quiet", path)
        if done.returncode:
            raise InputError(f"{path}: dvc update: {error_line(done.stderr)}")
    return paths


def lacking_here() -> Lacking:
    """Return what the commit names and neither the cache nor this folder has."""
    from dvc.repo import Repo

    with Repo(".") as repo:  # in this process, as DVC takes longer to start
        status = Status.model_validate(repo.data_status())
    return _split([path for path in status.not_in_cache if not Path(path).exists()])


def lacking_in_remote() -> Lacking:
    """Return what the commit names and the default remote does not have.

    Raises:
        InputError: the remote does not answer.
    """
    done = run_dvc("data", "status", "--json", "--not-in-remote", seconds=_PROBE_SECONDS)
    if done.returncode:
        raise InputError(f"dvc data status: {error_line(done.stderr)}")
    return _split(Status.model_validate_json(done.stdout).not_in_remote)


def _split(paths: list[str]) -> Lacking:
    made = {out.path for entry in read_lock(LOCK).values() for out in entry.outs}
    names = [path.rstrip("/") for path in paths]
    return Lacking(
        [name for name in names if name not in made], [name for name in names if name in made]
    )


def error_line(text: str) -> str:
    r"""Return the message of DVC's error, without its prefix and the hints after it.

    >>> error_line("ERROR: unexpected error - no route\n\nHaving any troubles?")
    'no route'
    """
    marked = [line for line in text.splitlines() if line.startswith("ERROR: ")]
    line = marked[0].removeprefix("ERROR: ") if marked else last_line(text)
    return line.removeprefix("unexpected error - ")


def last_line(text: str) -> str:
    """Return the last line that is not blank; empty if there is none."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
