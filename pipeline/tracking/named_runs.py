"""An MLflow run that the user names, and what it says about the result behind it."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import InputError, first_line
from pipeline.tracking.mlflow_store import (
    experiment_name,
    open_client,
    probe,
    without_password,
)
from pipeline.tracking.sqlite_store import database, local_store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

DEPS = "dvc_deps.json"
_DEP_TAG = "dvc.dep."  # of runs that were logged before they had the file
_SHORTEST = 4  # digits of an id; fewer are more likely a typing error


@dataclass(frozen=True)
class NamedRun:
    """What a run says about its result.

    Attributes:
        run_id: its full id.
        name: of the run.
        rung: the rung that the result is of.
        params: as MLflow has them.
        deps: path to md5 of everything that went into it, predictions and tables included.
    """

    run_id: str
    name: str
    rung: str
    params: Mapping[str, str]
    deps: Mapping[str, str]


def find_run(wanted: str, root: Path, uri: str | None = None) -> NamedRun | None:
    """Return the run of the ladder's experiment with this id, abbreviated id or name.

    Args:
        wanted: at least four digits of the id, or the full name.
        root: the project's root folder, where the local store is.
        uri: the tracking URI that the user has set; None or empty for the local store.

    Returns:
        None if there is no such run, or no store.

    Raises:
        InputError: several runs match, or the store cannot be read.
    """
    uri = uri or local_store(root)
    file = database(uri)
    if file is not None and not file.is_file():
        return None  # MLflow would create one
    try:
        probe(uri)
        client = open_client(uri)
        found = [run for run in _runs(client) if _is_called(run, wanted)]
    except Exception as error:  # MLflow and what is below it raise dozens of types
        reason = without_password(uri, first_line(error))
        raise InputError(
            f"MLflow at {without_password(uri)}: cannot be read: {reason}; "
            "set MLFLOW_TRACKING_URI to a store that answers"
        ) from None
    if len(found) > 1:
        ids = ", ".join(run.info.run_id for run in found[:4])
        raise InputError(f"{wanted}: {len(found)} MLflow runs match ({ids}); name one by its id")
    return _told(client, found[0]) if found else None


def _runs(client: "MlflowClient") -> Iterator["Run"]:
    experiment = client.get_experiment_by_name(experiment_name())
    token = None
    while experiment is not None:
        page = client.search_runs([experiment.experiment_id], page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _is_called(run: "Run", wanted: str) -> bool:
    by_id = len(wanted) >= _SHORTEST and run.info.run_id.startswith(wanted)
    return by_id or run.info.run_name == wanted


def _told(client: "MlflowClient", run: "Run") -> NamedRun:
    deps = {
        name.removeprefix(_DEP_TAG): md5
        for name, md5 in run.data.tags.items()
        if name.startswith(_DEP_TAG)
    }
    return NamedRun(
        run.info.run_id,
        run.info.run_name or "",
        run.data.tags.get("rung", ""),
        run.data.params,
        deps or _noted_deps(client, run.info.run_id),
    )


def _noted_deps(client: "MlflowClient", run_id: str) -> dict[str, str]:
    """Return what the run was made from, as its file says.

    Raises:
        InputError: the run has no such file.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = client.download_artifacts(run_id, DEPS, folder)
            return {str(k): str(v) for k, v in json.loads(Path(path).read_bytes()).items()}
        except Exception as error:  # a store of artifacts raises whatever it likes
            raise InputError(
                f"run {run_id}: {DEPS}: cannot be read: {first_line(error)}; "
                "name the commit or the experiment of the run instead"
            ) from None
