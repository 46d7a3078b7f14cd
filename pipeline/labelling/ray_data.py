"""Labels photos with a pool of Ray workers, on this machine or a cluster, into the parts of a job.

Ray sends the names of the photos to the workers, once, and finished parts back. Workers read the
photos themselves, and only the process of `ladder label` writes. Whatever it has not written is not
done, whichever process was killed, and is done again by any engine that resumes the job.
"""

import io
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipeline.errors import InputError, first_line
from pipeline.inference.described_model import SentModel
from pipeline.labelling.job import PHOTOS_A_PART, LabelJob, part_of
from pipeline.labelling.waiting import Waiting, WaitingPhotos
from pipeline.memory import keep_freed_memory
from pipeline.progress import progress

if TYPE_CHECKING:
    from ray import ObjectRef

_OBJECT_STORE = 256 << 20  # bytes; holds only the model, names and a few parts
_TEMP = "ladder-ray-"
_LONGEST_TEMP = 23  # characters: this and Ray add 84, and a socket's path has 107 at most
_RETRIES = 5  # of a part whose worker died; a photo may kill every worker
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_COLOR_PREFIX": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # after Ctrl-C its clean-up would start another Ray
}
HERE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listen on 127.0.0.1 only, as on a Mac
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",  # workers are as nice as the command is
}


@contextmanager
def ray_session(address: str | None, workers: int | None = None) -> Iterator[None]:
    """Connect to a cluster, or start Ray on this machine, for as long as the block runs.

    Ray runs any code it is sent (CVE-2023-48022). So what is started here listens on 127.0.0.1
    only, requires a token that is in no file, and has no dashboard.

    Args:
        address: of the cluster; None starts Ray on this machine.
        workers: the most cores that a Ray started here may use; by default all.

    Raises:
        InputError: Ray is not installed, or no cluster responds.
    """
    os.environ |= QUIET
    if address is None:
        os.environ |= HERE
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once
    try:
        import ray.data
    except ImportError as error:
        line = f"--engine ray: needs the package {error.name}; install it: pip install 'ray[data]'"
        raise InputError(line) from None
    for logger in ("ray", "ray.data"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # errors are reported once, below
    with _temp_folder() as folder:
        here = {"num_cpus": workers, "include_dashboard": False, "_temp_dir": folder}
        how = {} if address else here | {"object_store_memory": _OBJECT_STORE}
        how |= {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            with _quiet_start():
                ray.init(address or "local", **how)
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            reason = first_line(error)
            what = f"no cluster answers at {address}" if address else "it does not start here"
            line = f"--engine ray: {what} ({reason}); correct it, or leave it out"
            raise InputError(line) from None
        with redirect_stdout(_FirstSentences()):
            try:
                yield
            finally:
                ray.shutdown()  # after Ctrl-C it may still print something


class _FirstSentences(io.TextIOBase):
    """Reduces what Ray prints when a worker or a machine is lost from ten lines to one."""

    def write(self, text: str) -> int:
        if first := text.strip().partition(". ")[0]:
            print(first, file=sys.stderr)
        return len(text)


@contextmanager
def _temp_folder() -> Iterator[str]:
    """Yield a temporary folder for sockets and logs, and remove those that killed processes left.

    Whoever uses a folder holds its lock, also in another container.
    """
    usual = tempfile.gettempdir()
    place = usual if len(usual) <= _LONGEST_TEMP else "/tmp"
    for lock in Path(place).glob(f"{_TEMP}*/lock"):
        with suppress(Timeout, OSError), FileLock(lock, timeout=0):
            shutil.rmtree(lock.parent)
    with tempfile.TemporaryDirectory(prefix=_TEMP, dir=place, ignore_cleanup_errors=True) as folder:
        with FileLock(Path(folder, "lock")):
            yield folder


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Hide what Ray's core writes about its log level straight to the terminal."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class Worker:
    """A process that holds the model, and labels one part after the other on one core."""

    def __init__(self, sent: "ObjectRef[SentModel]", waiting: "ObjectRef[WaitingPhotos]"):
        import ray
        import torch

        torch.set_num_threads(1)
        keep_freed_memory()
        model, self._waiting = ray.get(sent), ray.get(waiting)
        with tempfile.TemporaryDirectory(prefix="ladder-model-") as folder:
            described = model.described(Path(folder))
            self._detector = described.detector(model.device, model.decoding)

    def __call__(self, row: dict) -> dict:
        """Return the number of a part, and its content from `part_of`."""
        from pipeline.labelling.bulk import rows_of

        photos = self._waiting[row["begin"] : row["end"]]
        _check_folder(photos[0])
        return {"number": row["number"], "part": part_of(list(rows_of(self._detector, photos)))}


def _check_folder(one: Waiting) -> None:
    if isinstance(one.photo, Path) and not one.photo.parent.is_dir():
        raise InputError(
            f"{one.photo.parent}: not on {socket.gethostname()}; let all machines see the photos "
            "at the same place, or label them from S3"
        )


def detect_on_ray(
    job: LabelJob, sent: SentModel, waiting: WaitingPhotos, before: int, workers: int | None
) -> None:
    """Add the detections in photos to a job, as `detect_into` does, within a `ray_session`.

    The rows are the same, because parts and batches have the same photos; parts come in any order.
    Each worker has a core, or a GPU if there are any; workers that die are restarted, and more are
    started when nodes join.

    Args:
        job: to add to.
        sent: the model that the job was started with.
        waiting: the photos, in order.
        before: how many photos were done earlier, for the progress.
        workers: the largest number; by default as many as there are resources for.

    Raises:
        InputError: a worker raises it, or keeps dying.
        OSError: S3 does not respond.
    """
    import ray
    from ray.exceptions import RayError

    first = job.next_number
    parts = {
        first + number: slice(begin, min(begin + PHOTOS_A_PART, len(waiting)))
        for number, begin in enumerate(range(0, len(waiting), PHOTOS_A_PART))
    }
    folder = waiting.folder.absolute() if isinstance(waiting.folder, Path) else waiting.folder
    given = ray.put(sent), ray.put(WaitingPhotos(folder, waiting.states))
    try:
        rows = _stopped_by_ctrl_c(_finished(parts, given, sent.device, workers))
        for row in progress(
            rows,
            total=before + len(waiting),
            desc="label",
            unit="photos",
            before=before,
            count=lambda row: len(waiting[parts[row["number"]]]),
        ):
            photos = waiting[parts[row["number"]]]
            states = [(one.name, one.size, one.modified) for one in photos]
            job.put(row["number"], row["part"], states)
    except RayError as error:
        raise _plain(error) from None


def _stopped_by_ctrl_c(rows: Iterator[dict]) -> Iterator[dict]:
    """Yield the rows; Ctrl-C ends this at the next row at the latest.

    Python drops exceptions raised while an object of Ray is freed, so a Ctrl-C could get lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield from rows
        return
    pressed = threading.Event()

    def press(*_: object) -> None:
        pressed.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, press)
    try:
        for row in rows:
            if pressed.is_set():
                break
            yield row
        if pressed.is_set():
            raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)


def _finished(
    parts: Mapping[int, slice],
    given: "tuple[ObjectRef[SentModel], ObjectRef[WaitingPhotos]]",
    device: str,
    workers: int | None,
) -> Iterator[dict]:
    """Yield number and content of each part, in the order in which they are finished."""
    import ray
    from ray.data import ActorPoolStrategy

    room = ray.cluster_resources()
    kind = "GPU" if room.get("GPU") and device != "cpu" else "CPU"
    most = min(workers or len(parts), len(parts))
    now = max(1, min(most, int(room.get(kind, 1))))
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.raise_original_map_exception = True
    rows = [
        {"number": number, "begin": part.start, "end": part.stop} for number, part in parts.items()
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray warns that 2.64 will drop `max_task_retries`
        finished = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            Worker,
            fn_constructor_args=given,
            compute=ActorPoolStrategy(min_size=1, max_size=most, initial_size=now),
            num_cpus=1 if kind == "CPU" else None,
            num_gpus=1 if kind == "GPU" else None,
            max_restarts=-1,
            max_task_retries=_RETRIES,
        )
    return iter(finished.iter_rows())


def _plain(error: Exception) -> Exception:
    """Return what a worker raised, or an error that says how workers ended."""
    from ray.exceptions import RayActorError

    if isinstance(cause := getattr(error, "cause", None), InputError | OSError):
        return cause
    reason = str(error).strip().splitlines()[-1]
    if isinstance(error, RayActorError):
        reason = f"workers died {_RETRIES + 1} times over one part; try fewer --workers, for memory"
    return InputError(f"--engine ray: {reason}; the same command continues with the rest")
