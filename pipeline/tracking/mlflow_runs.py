"""Logs every distinct result as exactly one MLflow run.

MLflow is imported inside functions (2 to 4 s): on most calls all results are already known, and it
is not needed.
"""

import sys
import tempfile
import time
from collections.abc import Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import first_line
from pipeline.photo_files import open_photo
from pipeline.processes import usable_cores
from pipeline.progress import progress
from pipeline.tracking.live.curves import curve_metrics, metric_key
from pipeline.tracking.live.runs import (
    become,
    drop_doubles,
    end_abandoned,
    logged_epochs,
    take_over,
)
from pipeline.tracking.mlflow_store import (
    experiment_name,
    insist,
    log_numbers,
    open_client,
    open_experiment,
)
from pipeline.tracking.pages.layout import LAYOUT_TAG, PROGRESS, layout_tag
from pipeline.tracking.pyfunc_files import write_pyfunc
from pipeline.tracking.registry import register
from pipeline.tracking.sqlite_store import (
    COMPLETE,
    FINGERPRINT,
    database,
    experiment_tag,
    has_live_run,
    known_runs,
    local_store,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LOCK_SECONDS = 600
# On a shared server, another machine may still be writing a run that is younger than this.
_ABANDONED_AFTER_SECONDS = 600
OWNER = "project"  # tag: which copy of the project, on which machine, logged this
_LOGGED = "logged"  # tag, in milliseconds; the start time of a run is that of its training
_FINAL = 0  # the step of all final pictures, so that MLflow aligns the runs
_AT_ONCE = 8  # pictures; MLflow's client has a pool of ten connections


@dataclass(frozen=True)
class Result:
    """What training and evaluating one rung leaves behind.

    Attributes:
        rung: its name.
        fingerprint: digest of data, parameters, code and model; equal results share it.
        name: of the run; defaults to the name of the rung.
        seconds: how long the training took, which becomes the duration of the run.
        training: digest of the training, whose live run becomes this one.
        params: flat parameters.
        metrics: final metrics, e.g. `val/accuracy`.
        history: one row per epoch with its number as `epoch`, the step of the other numbers.
        tags: whatever else identifies the result.
        datasets: path to md5 of the data it was trained on.
        pictures: image files.
        progress: image files of the same photos, by the percentage of the training completed.
        folders: folders of files, by their names in MLflow.
        model: the folder of the model, which becomes a version of a registered model.
        records: small dictionaries, by the names of the JSON files to keep them in.
    """

    rung: str
    fingerprint: str
    name: str = ""
    seconds: float | None = None
    training: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    history: Sequence[Mapping[str, object]] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    pictures: Sequence[Path] = ()
    progress: Mapping[int, Path] = field(default_factory=dict)
    folders: Mapping[str, Path] = field(default_factory=dict)
    model: Path | None = None
    records: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """Where the run of a result is; `new` if this call logged it."""

    rung: str
    run_id: str
    new: bool
    store: str
    experiment: str = ""  # its id, if it had to be looked up


def log_results(results: Sequence[Result], root: Path, uri: str) -> list[Outcome]:
    """Return where the run of each result is in a store, after logging the results without one.

    Args:
        results: of one or more rungs, with or without the tag `OWNER`.
        root: the project's root folder.
        uri: of the store.

    Raises:
        Exception: whatever the store raises.
    """
    known = known_runs(uri, experiment_name())
    settled = not results or _is_settled(uri, {result.training for result in results})
    if settled and all(result.fingerprint in known for result in results):
        return [Outcome(r.rung, known[r.fingerprint], False, uri) for r in results]
    from filelock import FileLock

    # Two processes that create the tables at once break the store, and two that both search before
    # either has logged would each create a run.
    store = database(uri) or database(local_store(root))
    with FileLock(f"{store}.lock", timeout=_LOCK_SECONDS):
        client = open_client(uri)
        experiment_id = open_experiment(client, root, uri)
        _sweep(client, experiment_id, 0 if database(uri) else _ABANDONED_AFTER_SECONDS)
        for mark in {result.tags[OWNER] for result in results if OWNER in result.tags}:
            _sweep(client, experiment_id, 0, mark)
        end_abandoned(client, experiment_id)
        insist(lambda: client.set_experiment_tag(experiment_id, LAYOUT_TAG, layout_tag()))
        watched = results if database(uri) else progress(results, desc="MLflow", unit="results")
        return [_track_one(client, experiment_id, result, uri) for result in watched]


def drop_half_logged(uri: str, owner: str) -> None:
    """Delete the half-logged runs of this project."""
    client = open_client(uri)
    experiment = client.get_experiment_by_name(experiment_name())
    if experiment:
        _sweep(client, experiment.experiment_id, 0, owner)


def _is_settled(uri: str, trainings: Container[str]) -> bool:
    """Return whether an SQLite store has the layout of charts and no live run to take care of."""
    name = experiment_name()
    laid_out = experiment_tag(uri, name, LAYOUT_TAG) == layout_tag()
    return laid_out and not has_live_run(uri, name, trainings)


def _track_one(client: "MlflowClient", experiment_id: str, result: Result, uri: str) -> Outcome:
    found = _find_runs(client, experiment_id, result.fingerprint)
    if found:
        drop_doubles(client, experiment_id, result.training)
        return Outcome(result.rung, found[0], False, uri, experiment_id)
    own = _log(client, experiment_id, result)
    # On a shared server another machine may have logged the same result in the meantime. Whoever
    # sees both runs keeps the same one of them.
    kept, *doubles = _find_runs(client, experiment_id, result.fingerprint) or [own]
    if kept == own and result.model:
        _register(client, own, result)
    for run_id in doubles:
        with suppress(Exception):  # the other machine has already deleted it
            client.delete_run(run_id)
    return Outcome(result.rung, kept, kept == own, uri, experiment_id)


def _register(client: "MlflowClient", run_id: str, result: Result) -> None:
    """Register a run's model; a store without a registry still keeps the run."""
    try:
        register(client, run_id, result.rung, result.fingerprint)
    except Exception as error:
        print(f"warning: {result.rung}: not registered ({first_line(error)})", file=sys.stderr)


def _find_runs(client: "MlflowClient", experiment_id: str, fingerprint: str) -> list[str]:
    runs = client.search_runs(
        [experiment_id],
        f"tags.{FINGERPRINT} = '{fingerprint}' AND tags.{COMPLETE} = 'true'",
        order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
    )
    return [run.info.run_id for run in runs]


def _log(client: "MlflowClient", experiment_id: str, result: Result) -> str:
    """Log a result, to its training's live run if there is one, and return the run's id.

    The tag `complete` comes last.
    """
    now, took = int(time.time() * 1000), int(1000 * (result.seconds or 0))
    live = take_over(client, experiment_id, result.training)
    run_id = live.info.run_id if live else _create(client, experiment_id, result, now - took)
    if live:
        become(client, run_id, _name(result), _tags(result))
    _log_numbers(client, run_id, result, logged_epochs(client, run_id) if live else ())
    _log_datasets(client, run_id, result.datasets)
    _log_pictures(client, run_id, result)
    for path, content in result.records.items():
        client.log_dict(run_id, dict(content), path)
    for folder_name, folder in result.folders.items():
        client.log_artifacts(run_id, str(folder), folder_name)
    if result.model:
        _log_model(client, run_id, result.model)
    client.set_tag(run_id, COMPLETE, "true")
    # The duration of the run is that of the training, not of this.
    client.set_terminated(run_id, end_time=live.info.start_time + took if live else None)
    return run_id


def _create(client: "MlflowClient", experiment_id: str, result: Result, begun: int) -> str:
    return client.create_run(experiment_id, begun, _tags(result), _name(result)).info.run_id


def _name(result: Result) -> str:
    return result.name or result.rung


def _tags(result: Result) -> dict[str, str]:
    own = {"rung": result.rung, FINGERPRINT: result.fingerprint}
    return {**result.tags, **own, _LOGGED: str(int(time.time() * 1000))}


def _log_model(client: "MlflowClient", run_id: str, model: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ladder-pyfunc-") as folder:
        write_pyfunc(model, Path(folder) / "model")
        client.log_artifacts(run_id, f"{folder}/model", "model")


def _log_numbers(
    client: "MlflowClient", run_id: str, result: Result, known: Container[int]
) -> None:
    """Log all numbers except those of epochs that the run already has."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    metrics = [Metric(metric_key(name), value, now, 0) for name, value in result.metrics.items()]
    for row in result.history:
        metrics += curve_metrics(row) if row["epoch"] not in known else []
    params = [Param(metric_key(name), str(value)) for name, value in result.params.items()]
    log_numbers(client, run_id, metrics, params)


def _log_pictures(client: "MlflowClient", run_id: str, result: Result) -> None:
    """Log pictures as files and, on all cores, in the form that the comparison page shows.

    For the latter MLflow recompresses them, which takes longer than everything else here.
    """

    def log(one: tuple[Path, str, int]) -> None:
        picture, key, step = one
        with open_photo(picture) as image:  # opaque: an alpha channel would only cost time
            client.log_image(run_id, image.convert("RGB"), key=key, step=step)

    for picture in result.pictures:
        client.log_artifact(run_id, str(picture), "pictures")
    shown = [(picture, picture.stem, _FINAL) for picture in result.pictures]
    shown += [(picture, PROGRESS, percent) for percent, picture in sorted(result.progress.items())]
    # The first one alone: each sets the same tag, and two at once would both try to insert it.
    list(map(log, shown[:1]))
    with ThreadPoolExecutor(min(_AT_ONCE, usable_cores())) as pool:
        list(pool.map(log, shown[1:]))


def _log_datasets(client: "MlflowClient", run_id: str, datasets: Mapping[str, str]) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    purpose = [InputTag("mlflow.data.context", "training")]
    inputs = [
        DatasetInput(Dataset(path, md5, "local", f'{{"uri": "{path}"}}'), purpose)
        for path, md5 in datasets.items()
    ]
    if inputs:
        insist(lambda: client.log_inputs(run_id, inputs))


def _sweep(
    client: "MlflowClient", experiment_id: str, older_than_seconds: int, owner: str = ""
) -> None:
    """End what a killed process left RUNNING: delete half-logged runs, close complete ones.

    With an owner, only its own, of any age: two of its processes never log at once.
    """
    before = (time.time() - older_than_seconds) * 1000
    whose = f" AND tags.{OWNER} = '{owner}'" if owner else ""
    for run in client.search_runs([experiment_id], f"attributes.status = 'RUNNING'{whose}"):
        logged = run.data.tags.get(_LOGGED, run.info.start_time)
        young = older_than_seconds > 0 and float(logged) > before  # with 0, a clock may be off
        if FINGERPRINT not in run.data.tags or young:
            continue
        if run.data.tags.get(COMPLETE) == "true":
            client.set_terminated(run.info.run_id)
        else:
            client.delete_run(run.info.run_id)
