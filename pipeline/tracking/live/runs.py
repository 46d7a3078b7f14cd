"""The live run of a training: begun, resumed, finished or ended.

It carries the digest of its training, by which a resumed training and `track` find it again. The
process that writes it sends a heartbeat every few seconds; a run that has gone silent is ended by
whichever process comes next. Ending a run that was only slow is harmless: its next heartbeat
reopens it.
"""

import os
import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline.processes import is_running
from pipeline.tracking.live.curves import CURVES
from pipeline.tracking.sqlite_store import TRAINING_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_PROCESS, _SEEN = "live.process", "live.seen"  # host and process id; milliseconds
BEAT_SECONDS = 20
_SILENT_SECONDS = 120


def live_tags(training: str) -> dict[str, str]:
    """Return the tags of the live run that this process writes for a training."""
    return {
        TRAINING_TAG: training,
        _PROCESS: f"{platform.node()}:{os.getpid()}",
        _SEEN: str(int(time.time() * 1000)),
    }


def show_life(client: "MlflowClient", run_id: str, training: str) -> None:
    """Send a heartbeat: this process still writes the run."""
    for name, value in live_tags(training).items():
        client.set_tag(run_id, name, value)
    client.update_run(run_id, status="RUNNING")


def runs_of_training(client: "MlflowClient", experiment_id: str, training: str) -> list["Run"]:
    """Return the live runs of a training, the newest first."""
    return list(
        client.search_runs(
            [experiment_id],
            f"tags.`{TRAINING_TAG}` = '{training}'",
            order_by=["attributes.start_time DESC", "attributes.run_id ASC"],
        )
    )


def take_over(client: "MlflowClient", experiment_id: str, training: str) -> "Run | None":
    """Return the live run of a training that has ended, if any; delete its duplicates."""
    if not training:
        return None
    runs = runs_of_training(client, experiment_id, training)
    for double in runs[1:]:
        with suppress(Exception):  # another machine has deleted it already
            client.delete_run(double.info.run_id)
    return runs[0] if runs else None


def drop_doubles(client: "MlflowClient", experiment_id: str, training: str) -> None:
    """Delete the live runs of a training whose result is already in another run."""
    for run in runs_of_training(client, experiment_id, training) if training else ():
        if not is_alive(run):
            client.delete_run(run.info.run_id)


def become(client: "MlflowClient", run_id: str, name: str, tags: Mapping[str, str]) -> None:
    """Turn a live run into the run of a result, which will be logged to it."""
    from mlflow.entities import RunTag

    client.update_run(run_id, "RUNNING", name)
    client.log_batch(run_id, tags=[RunTag(*tag) for tag in tags.items()])
    for tag in (TRAINING_TAG, _PROCESS, _SEEN):
        with suppress(Exception):  # it does not have this tag
            client.delete_tag(run_id, tag)


def end_abandoned(client: "MlflowClient", experiment_id: str) -> None:
    """End the live runs that a killed process left RUNNING."""
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'"):
        if TRAINING_TAG in run.data.tags and not is_alive(run):
            client.set_terminated(run.info.run_id, "KILLED")


def is_alive(run: "Run") -> bool:
    """Return whether the process that writes a live run still exists, as far as can be known."""
    if run.info.status != "RUNNING":
        return False
    host, _, process = run.data.tags.get(_PROCESS, "").rpartition(":")
    if host == platform.node() and os.name == "posix" and not is_running(int(process)):
        return False
    return time.time() - int(run.data.tags.get(_SEEN, 0)) / 1000 < _SILENT_SECONDS


def logged_epochs(client: "MlflowClient", run_id: str) -> set[int]:
    """Return the epochs that have been logged to a run."""
    return {metric.step for metric in client.get_metric_history(run_id, f"{CURVES}/lr")}
