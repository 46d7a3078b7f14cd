"""Real MLflow stores for tests: made once (about 4 s), copied for each test."""

import shutil
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from pipeline.tracking.mlflow_store import EXPERIMENT
from pipeline.tracking.sqlite_store import local_store
from tests.made_once import made_once


def give_store(root: Path) -> Path:
    """Put an empty MLflow store into `root` and return `root`."""
    template = made_once("mlflow-store", lambda folder: client_of(folder).search_experiments())
    shutil.copy(template / "mlflow.db", root / "mlflow.db")
    return root


def copy_with_store(root: Path, to: Path) -> Path:
    """Copy a project with its store, which names folders by absolute paths, and return `to`."""
    shutil.copytree(root, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("mlflow.db*"))
    with closing(connect(root / "mlflow.db")) as old, closing(connect(to / "mlflow.db")) as new:
        new.executescript("\n".join(old.iterdump()).replace(str(root), str(to)))
    return to


def client_of(root: Path) -> MlflowClient:
    """Return a client of the store in `root`."""
    return MlflowClient(local_store(root))


def runs_of(root: Path) -> list[Run]:
    """Return the runs of the ladder's experiment that are not deleted, oldest first."""
    client = client_of(root)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    return client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
