"""Is the local MLflow store sound, and are its artifacts in this project?"""

from collections.abc import Iterator
from pathlib import Path

from pipeline.repair.aside import set_aside
from pipeline.repair.finding import Finding
from pipeline.tracking.mlflow_store import experiment_name
from pipeline.tracking.sqlite_store import artifact_folder, is_damaged, local_store


def store_findings() -> Iterator[Finding]:
    """Yield whether the local store is sound; a damaged one can be moved aside."""
    root = Path.cwd()
    uri = local_store(root)
    folder = artifact_folder(uri, experiment_name())
    if is_damaged(uri):
        yield Finding(
            "mlflow.db is damaged", "move mlflow.db aside; `dvc repro` creates a new one", _aside
        )
    elif folder is None:
        yield Finding("MLflow store: none yet")
    elif folder != (root / "mlruns").as_uri():
        yield Finding(
            f"mlflow.db keeps its artifacts in {folder}: the project was moved or copied",
            "remove mlflow.db, then `dvc repro` logs the results again",
        )
    else:
        yield Finding("MLflow store mlflow.db, artifacts in mlruns/")


def _aside() -> str:
    """Move the database and SQLite's journals aside; the artifacts stay."""
    for journal in Path().glob("mlflow.db-*"):
        set_aside(journal)
    aside = set_aside(Path("mlflow.db"))
    return f"moved to {aside}; `dvc repro` logs the current results into a new one"
