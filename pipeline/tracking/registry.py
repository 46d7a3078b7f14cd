"""Registered models in MLflow: a name for each rung, a version for each result of it."""

from typing import TYPE_CHECKING

from pipeline.tracking.sqlite_store import FINGERPRINT

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CANDIDATE, CHAMPION = "candidate", "champion"


def register(client: "MlflowClient", run_id: str, rung: str, fingerprint: str) -> "ModelVersion":
    """Return the version that a run's model becomes, which is the candidate from now on."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(rung, description=f"The rung `{rung}` of the ladder.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    source = f"{client.get_run(run_id).info.artifact_uri}/model"
    tags = {FINGERPRINT: fingerprint}
    version = client.create_model_version(rung, source, run_id, tags=tags)
    client.set_registered_model_alias(rung, CANDIDATE, version.version)
    return version
