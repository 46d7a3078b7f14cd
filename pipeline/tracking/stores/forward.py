"""Sends a server the runs that were logged locally while it was out of reach."""

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.errors import first_line
from pipeline.tracking.mlflow_store import (
    experiment_name,
    log_numbers,
    open_client,
    open_experiment,
)
from pipeline.tracking.registry import register
from pipeline.tracking.sqlite_store import COMPLETE, FINGERPRINT, runs_with_tag

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

WAITING = "waiting_for_server"  # tag of a local run: the server that it is for


def server_key(uri: str) -> str:
    """Return an id of a server for use in a tag: a digest, as its address may hold a password."""
    parts = urlsplit(uri)
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]


def send_waiting(local_uri: str, root: Path, uri: str) -> int:
    """Send the local runs that wait for this server, and return how many were new to it.

    Args:
        local_uri: of the store with the runs; each stays marked until the server has all of it.
        root: the project's root folder.
        uri: of the server.

    Raises:
        Exception: whatever the server raises.
    """
    waiting = runs_with_tag(local_uri, experiment_name(), WAITING, server_key(uri))
    if not waiting:
        return 0
    local, server = open_client(local_uri), open_client(uri)
    experiment = open_experiment(server, root, uri)
    sent = 0
    for run_id in waiting:
        run = local.get_run(run_id)
        mark = f"tags.{FINGERPRINT} = '{run.data.tags[FINGERPRINT]}' AND tags.{COMPLETE} = 'true'"
        if not server.search_runs([experiment], mark):
            _send(local, run, server, experiment)
            sent += 1
        local.delete_tag(run_id, WAITING)
    return sent


def _send(local: "MlflowClient", run: "Run", server: "MlflowClient", experiment: str) -> None:
    """Create the same run on the server; the tag `complete` comes last."""
    tags = {key: value for key, value in run.data.tags.items() if key not in (COMPLETE, WAITING)}
    begun, name = run.info.start_time, run.info.run_name
    new = server.create_run(experiment, begun, tags, name).info.run_id
    _send_numbers(local, run, server, new)
    if run.inputs and run.inputs.dataset_inputs:
        server.log_inputs(new, run.inputs.dataset_inputs)
    files = Path(local.download_artifacts(run.info.run_id, ""))
    server.log_artifacts(new, str(files))
    server.set_tag(new, COMPLETE, "true")
    server.set_terminated(new, end_time=run.info.end_time)
    rung = run.data.tags.get("rung", "")
    if (files / "model").is_dir():
        try:
            register(server, new, rung, run.data.tags[FINGERPRINT])
        except Exception as error:  # a server without a registry still keeps the run
            print(f"warning: {rung}: not registered ({first_line(error)})", file=sys.stderr)


def _send_numbers(local: "MlflowClient", run: "Run", server: "MlflowClient", new: str) -> None:
    from mlflow.entities import Param

    names = run.data.metrics
    metrics = [m for name in names for m in local.get_metric_history(run.info.run_id, name)]
    params = [Param(name, value) for name, value in run.data.params.items()]
    log_numbers(server, new, metrics, params)
