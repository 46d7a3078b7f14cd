"""The process that follows a training and logs its epochs to a run as they come in.

    python -m pipeline.tracking.live.process RUNG TRAINING < epochs

It runs next to the training, at low priority. It ends at the first failure, with a one-line
warning: `track` logs everything again when the results are there.
"""

import argparse
import json
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipeline.errors import first_line
from pipeline.files import PARAMS
from pipeline.tracking.git_state import git_tags
from pipeline.tracking.live.curves import curve_metrics
from pipeline.tracking.live.runs import (
    BEAT_SECONDS,
    end_abandoned,
    live_tags,
    logged_epochs,
    runs_of_training,
    show_life,
)
from pipeline.tracking.mlflow_store import (
    open_client,
    open_experiment,
    probe,
    store_uri,
    without_password,
)
from pipeline.tracking.run_name import changed_params, params_of_commit, run_name
from pipeline.tracking.run_tags import user
from pipeline.tracking.sqlite_store import database, local_store
from pipeline.train.follower import FINISHED
from pipeline.train.history import EpochRow
from pipeline.yaml_file import flatten, read_yaml

if TYPE_CHECKING:
    from mlflow import MlflowClient

_TIMEOUT_SECONDS = "10"
_LOCK_SECONDS = 600  # nobody waits for this process; on a busy machine a new store takes a minute
_NICE = 10  # this needs a tenth of a core, and the training comes first


def main() -> None:
    """Log the epochs read from standard input until it ends."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("rung")
    parser.add_argument("training", help="digest of everything that goes into it")
    options = parser.parse_args()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    root = Path(os.environ.get("DVC_ROOT") or ".").resolve()
    uri = store_uri(root)
    try:
        follow(_Lines(sys.stdin), options.rung, options.training, root, uri)
    except Exception as error:  # MLflow and what is below it raise dozens of types
        print(
            f"warning: {options.rung}: no live curves in MLflow at {without_password(uri)} "
            f"({without_password(uri, first_line(error))}); `track` logs them after the training",
            file=sys.stderr,
        )


def follow(lines: "_Lines", rung: str, training: str, root: Path, uri: str) -> None:
    """Log the epochs of a training to its live run, a new one or the one of an earlier attempt.

    Args:
        lines: one `EpochRow` each, then `FINISHED`; without the latter the training was stopped.
        rung: the one being trained.
        training: digest of everything that goes into it.
        root: the project's root folder.
        uri: of the store.

    Raises:
        Exception: whatever the store raises at its first failure.
    """
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", _TIMEOUT_SECONDS)
    probe(uri)
    if lines.over:
        return
    begun = _begin(lines, rung, training, root, uri)
    if begun is None:
        return
    client, run_id = begun
    known, status = logged_epochs(client, run_id), "KILLED"
    try:
        with _system_metrics(run_id, uri):
            for row in lines.rows(BEAT_SECONDS):
                if row is None:
                    show_life(client, run_id, training)
                elif row["epoch"] not in known:
                    client.log_batch(run_id, metrics=curve_metrics(row))
        status = "FINISHED" if lines.finished else "KILLED"
    finally:
        client.set_terminated(run_id, status)


def _begin(
    lines: "_Lines", rung: str, training: str, root: Path, uri: str
) -> tuple["MlflowClient", str] | None:
    """Return a client and the id of the training's run: a new one, or that of an earlier attempt.

    None once the training is over: `track` may have logged its result by then.
    """
    from filelock import FileLock

    # As in `track`: opening a client creates the tables, and two processes that do so at once would
    # break the store.
    store = database(uri) or database(local_store(root))
    with FileLock(f"{store}.lock", timeout=_LOCK_SECONDS):
        client = open_client(uri)
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # our own line is enough
        experiment_id = open_experiment(client, root, uri)
        if lines.over:
            return None
        end_abandoned(client, experiment_id)
        earlier = runs_of_training(client, experiment_id, training)
        if earlier:
            run_id = earlier[0].info.run_id
            show_life(client, run_id, training)
            return client, run_id
        now, name = int(time.time() * 1000), run_name(rung, _changed(rung), training)
        run = client.create_run(experiment_id, now, _tags(rung, training), name)
        return client, run.info.run_id


def _tags(rung: str, training: str) -> dict[str, str]:
    tags = {
        "rung": rung,
        "mlflow.user": user(),
        "mlflow.source.name": "dvc repro",
        "mlflow.source.type": "LOCAL",
        "dvc.exp_name": os.environ.get("DVC_EXP_NAME", ""),
        "mlflow.note.content": f"**{rung}** is training, or was stopped while it did.",
    }
    return {**git_tags(), **{k: v for k, v in tags.items() if v}, **live_tags(training)}


def _changed(rung: str) -> dict:
    """Return the parameters of this training that differ from the committed ones."""
    content = read_yaml(PARAMS, "restore it with git")
    params = flatten(content) if isinstance(content, dict) else {}
    own = (f"train.{rung}.", "train.shared.", "fetch.", "tables.", "pixels.")
    return changed_params(
        {key: value for key, value in params.items() if key.startswith(own)}, params_of_commit()
    )


@contextmanager
def _system_metrics(run_id: str, uri: str) -> Iterator[None]:
    """Log CPU load, memory, disk and network of this machine while the block runs."""
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    monitor = SystemMetricsMonitor(run_id, resume_logging=True, tracking_uri=uri)
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()


class _Lines:
    """Lines of JSON read by a thread, so that the consumer can do other things while waiting."""

    def __init__(self, source: IO[str]):
        self.over = self.finished = False  # no more lines will come; the training has finished
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def rows(self, beat_seconds: float) -> Iterator[EpochRow | None]:
        """Yield each epoch, and None after every `beat_seconds` without one."""
        while True:
            try:
                line = self._lines.get(timeout=beat_seconds)
            except queue.Empty:
                yield None
                continue
            if not line:
                return
            yield json.loads(line)

    def _read(self, source: IO[str]) -> None:
        with suppress(ValueError):  # closed
            for line in source:
                if line.strip() == FINISHED:
                    self.finished = True
                    break
                self._lines.put(line)
        self.over = True
        self._lines.put("")


if __name__ == "__main__":
    main()
