"""Log results to the server that the user has set, or to the local store if it is unreachable.

A server that is down, silent, slow or refuses never stops the pipeline; it costs a warning.
"""

import hashlib
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipeline.errors import InputError, counted, first_line
from pipeline.tracking.mlflow_runs import OWNER, Outcome, Result, drop_half_logged, log_results
from pipeline.tracking.mlflow_store import probe, without_password
from pipeline.tracking.sqlite_store import local_store
from pipeline.tracking.stores.budget import time_budget
from pipeline.tracking.stores.forward import WAITING, send_waiting, server_key

_SECONDS = "LADDER_MLFLOW_SECONDS"
_SECONDS_FOR_A_SERVER = 300.0
_SECONDS_TO_DROP = 5.0


def track_results(results: Sequence[Result], root: Path, uri: str | None = None) -> list[Outcome]:
    """Return where the run of each result is, after logging the results without one.

    Runs logged to the local store while the server was unreachable are sent to it first.

    Args:
        results: one or more rungs' results.
        root: the project's root folder; the local store and its artifacts stay there even when the
            working directory is one of DVC's temporary folders.
        uri: the tracking URI that the user has set; None or empty for the local store.

    Raises:
        InputError: the local store cannot be written.
    """
    local = local_store(root)
    marked = [_with_tag(result, OWNER, owner(root)) for result in results]
    if uri and uri != local:
        try:
            probe(uri)
            with time_budget(float(os.environ.get(_SECONDS) or _SECONDS_FOR_A_SERVER)):
                sent = send_waiting(local, root, uri)
                outcomes = log_results(marked, root, uri)
        except Exception as error:  # whatever a remote store does, the results must not be lost
            _drop(uri, root)
            reason = without_password(uri, first_line(error))
            print(
                f"warning: MLflow at {without_password(uri)} is out of reach ({reason}); "
                f"logging to {local} instead",
                file=sys.stderr,
            )
            marked = [_with_tag(result, WAITING, server_key(uri)) for result in marked]
        else:
            if sent:
                runs = counted(sent, "run")
                print(f"MLflow: {runs} sent, logged here while the server was out of reach")
            return outcomes
    try:
        return log_results(marked, root, local)
    except Exception as error:
        reason = first_line(error)
        full = "disk is full" in reason or "No space left" in reason
        repair = "move mlflow.db aside (a new one is created) or repair the folder"
        remedy = "free some space" if full else repair
        raise InputError(f"{local}: cannot be written: {reason}; {remedy}") from error


def owner(root: Path) -> str:
    """Return an anonymous id of this project on this machine."""
    return hashlib.sha256(f"{socket.gethostname()}:{root}".encode()).hexdigest()[:16]


def _drop(uri: str, root: Path) -> None:
    """Delete half-logged runs; if the server does not answer, the next call does it."""
    with suppress(Exception), time_budget(_SECONDS_TO_DROP):
        drop_half_logged(uri, owner(root))


def _with_tag(result: Result, name: str, value: str) -> Result:
    return replace(result, tags={**result.tags, name: value})
