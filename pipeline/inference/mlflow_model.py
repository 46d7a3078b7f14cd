"""Downloads a model from MLflow into a folder; MLflow is imported only when this is called."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError, first_line
from pipeline.reading.address import check_address, without_secrets

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_SCHEMES = ("models:/", "runs:/")


def is_mlflow_uri(source: Path | str) -> bool:
    """Return whether a source is the URI of a model in MLflow, as opposed to a folder."""
    return str(source).startswith(_SCHEMES)


@contextmanager
def mlflow_model(uri: str, tracking_uri: str | None = None) -> Iterator[Path]:
    """Yield the folder with a model's `model.json`, which exists as long as the block runs.

    Args:
        uri: `models:/NAME@ALIAS`, `models:/NAME/VERSION` or `runs:/RUN_ID/model`.
        tracking_uri: of the store; by default MLflow's own choice, that is `MLFLOW_TRACKING_URI` or
            a store in the current folder.

    Raises:
        InputError: the store has no such model, or it is not a model of the ladder.
    """
    # MLflow reads these when it is imported; its default of 7 retries would hang for minutes.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

    check_address(tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", ""))
    with tempfile.TemporaryDirectory(prefix="ladder-model-") as folder:
        try:
            source = _artifacts_of(uri, MlflowClient(tracking_uri))
            download_artifacts(artifact_uri=source, dst_path=folder, tracking_uri=tracking_uri)
        except (MlflowException, OSError) as error:
            address = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", "")
            reason = without_secrets(first_line(error), address)
            raise InputError(f"{uri}: not in the MLflow store ({reason}); {_remedy(uri)}") from None
        described = sorted(Path(folder).rglob("model.json"))
        if not described:
            raise InputError(f"{uri}: has no model.json in it; it is not a model of the ladder")
        yield described[0].parent


def _remedy(uri: str) -> str:
    """Return how to get a model with this URI; `ladder promote` gives the alias `champion`."""
    name, _, alias = uri.removeprefix("models:/").partition("@")
    return f"make one: ladder promote {name}" if alias == "champion" else "see ladder ui"


def _artifacts_of(uri: str, client: "MlflowClient") -> str:
    """Return where the files of a run or of a registered model are, in the client's own store."""
    if not uri.startswith("models:/"):
        return uri
    name, at, alias = uri.removeprefix("models:/").partition("@")
    if at:
        version = client.get_model_version_by_alias(name, alias).version
    else:
        name, _, version = name.partition("/")
    return client.get_model_version_download_uri(name, version)
