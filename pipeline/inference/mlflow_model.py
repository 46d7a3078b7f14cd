"""A model that MLflow holds, fetched into a folder; MLflow is imported here alone, when needed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError

_SCHEMES = ("models:/", "runs:/")


def is_mlflow_uri(source: Path | str) -> bool:
    """Say whether a source is the URI of a model in MLflow, as opposed to a folder."""
    return str(source).startswith(_SCHEMES)


@contextmanager
def mlflow_model(uri: str, tracking_uri: str | None = None) -> Iterator[Path]:
    """Give the folder with a model's `model.json`, fetched for as long as the block runs.

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
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory(prefix="ladder-model-") as folder:
        try:
            download_artifacts(artifact_uri=uri, dst_path=folder, tracking_uri=tracking_uri)
        except (MlflowException, OSError) as error:
            reason = str(error).strip().partition("\n")[0]
            raise InputError(f"{uri}: not in the MLflow store ({reason}); see ladder ui") from None
        described = sorted(Path(folder).rglob("model.json"))
        if not described:
            raise InputError(f"{uri}: has no model.json in it; it is not a model of the ladder")
        yield described[0].parent
