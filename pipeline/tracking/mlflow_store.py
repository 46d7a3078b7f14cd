"""Access to an MLflow store: a client, the project's experiment, and whether a server answers.

MLflow is imported inside functions, as that takes 2 to 4 s.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import InputError, first_line
from pipeline.reading.address import check_address, public_address, without_secrets
from pipeline.tracking.sqlite_store import local_store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

EXPERIMENT = "detection-ladder"
_PROBE_SECONDS = 3
_TRIES, _SECONDS_BETWEEN_TRIES = 4, 0.3
_METRICS_PER_CALL, _PARAMS_PER_CALL = 1000, 100  # mlflow.utils.validation
T = TypeVar("T")


def experiment_name() -> str:
    """Return the experiment's name: `MLFLOW_EXPERIMENT_NAME` or the project's default."""
    return os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT


def without_password(uri: str, text: str | None = None) -> str:
    """Return `text`, by default the URI itself, without the URI's user and password."""
    return public_address(uri) if text is None else without_secrets(text, uri)


@contextmanager
def naming_store(uri: str) -> Iterator[None]:
    """Turn errors of MLflow and the network in the block into one line without secrets.

    Raises:
        InputError: the store cannot be used.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        from mlflow.exceptions import MlflowException

        if not isinstance(error, MlflowException | OSError):
            raise
        raise InputError(
            f"MLflow at {without_password(uri)}: {without_password(uri, first_line(error))}; "
            "set MLFLOW_TRACKING_URI to a store that answers"
        ) from None


def store_uri(root: Path) -> str:
    """Return the store that the user has set, or the project's own in its root folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or local_store(root)


def open_client(uri: str) -> "MlflowClient":
    """Return a client of the store with short timeouts.

    Raises:
        InputError: the URI is that of a server, but not a valid address.
    """
    check_address(uri)
    # Read by MLflow when it is imported. Its default of 7 retries would hang for four minutes.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    from mlflow.tracking import MlflowClient

    return MlflowClient(uri)


def log_numbers(
    client: "MlflowClient", run_id: str, metrics: Sequence["Metric"], params: Sequence["Param"]
) -> None:
    """Log metrics and parameters, as many per call as MLflow accepts."""
    for some in _portions(metrics, _METRICS_PER_CALL):
        client.log_batch(run_id, metrics=some)
    for few in _portions(params, _PARAMS_PER_CALL):
        client.log_batch(run_id, params=few)


def _portions(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def open_experiment(client: "MlflowClient", root: Path, uri: str) -> str:
    """Return the id of the project's experiment; create or restore it if necessary."""
    return insist(lambda: _open_experiment(client, root, uri))


def insist(write: Callable[[], T]) -> T:
    """Return what a write to a store returns, retrying it if the store refuses.

    If two machines write the same thing (an experiment, its tag, a data set) at the same moment, a
    server refuses one of them. On the next try that one finds what the other has written.
    """
    from mlflow.exceptions import MlflowException

    for _ in range(_TRIES - 1):
        try:
            return write()
        except MlflowException as error:
            if error.error_code not in ("BAD_REQUEST", "RESOURCE_ALREADY_EXISTS"):
                raise
            time.sleep(_SECONDS_BETWEEN_TRIES)
    return write()


def _open_experiment(client: "MlflowClient", root: Path, uri: str) -> str:
    name = experiment_name()
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        # A server decides where its artifacts go; a local store would use the working directory.
        folder = None if is_server(uri) else (root.resolve() / "mlruns").as_uri()
        return client.create_experiment(name, artifact_location=folder)
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return experiment.experiment_id


def is_server(uri: str) -> bool:
    """Return whether a store is reached over HTTP."""
    return uri.lower().startswith(("http://", "https://"))


def probe(uri: str) -> None:
    """Raise if no server answers within a few seconds; a refusal (401, 404) is an answer."""
    check_address(uri)
    if not is_server(uri):
        return
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    try:
        urlopen(f"{without_password(uri).rstrip('/')}/health", timeout=_PROBE_SECONDS).close()
    except HTTPError as error:
        if error.code >= 500:
            raise
    except URLError as error:
        if "certificate" not in str(error.reason).lower():  # MLflow has its own settings for those
            raise
