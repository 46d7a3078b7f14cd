"""MLflow's SQLite tables, read without MLflow: importing it costs 2 to 4 s, this a few ms.

Read-only, and never the last word: anything unexpected (no such file, other columns, a damaged
file) reads as "nothing known", and the caller queries MLflow itself. Only `is_damaged` tells a
damaged file from none.
"""

import re
import sqlite3
from collections.abc import Container
from pathlib import Path
from typing import Any
from urllib.parse import unquote

FINGERPRINT, COMPLETE = "fingerprint", "complete"
TRAINING_TAG = "live.training"  # digest of the training that a run shows while it goes on
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///([^?]+)")


def local_store(root: Path) -> str:
    """Return the URI of the SQLite store at the project's root folder."""
    path = str(root.resolve() / "mlflow.db")
    quoted = path.replace("%", "%25").replace("?", "%3F")
    # MLflow takes what follows `sqlite:///` for a path and would make the folder of that name, but
    # passes a URI with the name of the driver on to SQLAlchemy, which takes the quotes off.
    return f"sqlite:///{path}" if quoted == path else f"sqlite+pysqlite:///{quoted}"


def database(uri: str) -> Path | None:
    """Return the file of an SQLite store, None for any other kind of store."""
    found = _SQLITE.match(uri)
    return Path(unquote(found[1])) if found else None


def known_runs(uri: str, experiment: str) -> dict[str, str]:
    """Return fingerprint to run id of the runs that were logged to the end, the oldest of doubles.

    Empty when a killed process has left a run of ours RUNNING, so that the caller sweeps it.

    Args:
        uri: the tracking URI; stores other than SQLite know nothing.
        experiment: its name.
    """
    rows = _read(
        uri,
        "SELECT mark.value, runs.run_uuid, runs.status, whole.value FROM tags AS mark"
        " JOIN runs ON runs.run_uuid = mark.run_uuid"
        " JOIN experiments USING (experiment_id)"
        " LEFT JOIN tags AS whole ON whole.run_uuid = runs.run_uuid AND whole.key = ?"
        " WHERE mark.key = ? AND experiments.name = ? AND experiments.lifecycle_stage = 'active'"
        " AND runs.lifecycle_stage = 'active' ORDER BY runs.start_time DESC, runs.run_uuid DESC",
        (COMPLETE, FINGERPRINT, experiment),
    )
    if any(status == "RUNNING" for _, _, status, _ in rows):
        return {}
    return {mark: run_id for mark, run_id, _, whole in rows if whole == "true"}


def runs_with_tag(uri: str, experiment: str, name: str, value: str) -> list[str]:
    """Return the ids of an experiment's whole runs that have a tag, the oldest first."""
    rows = _read(
        uri,
        "SELECT runs.run_uuid FROM tags AS mark JOIN runs USING (run_uuid)"
        " JOIN experiments USING (experiment_id)"
        " JOIN tags AS whole ON whole.run_uuid = runs.run_uuid AND whole.key = ?"
        " WHERE mark.key = ? AND mark.value = ? AND experiments.name = ?"
        " AND runs.lifecycle_stage = 'active' AND whole.value = 'true'"
        " ORDER BY runs.start_time, runs.run_uuid",
        (COMPLETE, name, value, experiment),
    )
    return [run_id for (run_id,) in rows]


def has_live_run(uri: str, experiment: str, trainings: Container[str]) -> bool:
    """Return whether a run of a training is RUNNING, or is of one of these trainings."""
    rows = _read(
        uri,
        "SELECT tags.value, runs.status FROM tags JOIN runs USING (run_uuid)"
        " JOIN experiments USING (experiment_id)"
        " WHERE tags.key = ? AND experiments.name = ? AND runs.lifecycle_stage = 'active'",
        (TRAINING_TAG, experiment),
    )
    return any(status == "RUNNING" or training in trainings for training, status in rows)


def find_experiment(uri: str, experiment: str) -> str | None:
    """Return the id of an experiment that is not deleted, None where the store has none."""
    query = "SELECT experiment_id FROM experiments WHERE name = ? AND lifecycle_stage = 'active'"
    rows = _read(uri, query, (experiment,))
    return str(rows[0][0]) if rows else None


def experiment_tag(uri: str, experiment: str, key: str) -> str | None:
    """Return the value of a tag of an experiment, None where it has none."""
    query = (
        "SELECT experiment_tags.value FROM experiment_tags JOIN experiments USING (experiment_id)"
        " WHERE experiments.name = ? AND experiment_tags.key = ?"
    )
    rows = _read(uri, query, (experiment, key))
    return rows[0][0] if rows else None


def artifact_folder(uri: str, experiment: str) -> str | None:
    """Return the URI of the folder with an experiment's artifacts, None without the experiment."""
    query = "SELECT artifact_location FROM experiments WHERE name = ?"
    rows = _read(uri, query, (experiment,))
    return rows[0][0] if rows else None


def is_damaged(uri: str) -> bool:
    """Return whether an SQLite store's file is there, but is no sound database.

    A file of 0 bytes is sound, a database without tables; one that cannot be read now (locked, no
    permission) is not called damaged.
    """
    path = database(uri)
    if path is None or not path.is_file():
        return False
    try:
        return _fetch(path, "PRAGMA quick_check") != [("ok",)]
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        return True


def _read(uri: str, query: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
    path = database(uri)
    if path is None or not path.is_file():
        return []
    try:
        return _fetch(path, query, values)
    except sqlite3.Error:
        return []


def _fetch(path: Path, query: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()
