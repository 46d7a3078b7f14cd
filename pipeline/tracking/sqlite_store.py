"""MLflow's SQLite tables, read without MLflow: importing it takes 2 to 4 s, this a few ms.

Read-only, and never authoritative: anything unexpected (no such file, different columns, a damaged
file) reads as "nothing known", and the caller queries MLflow itself. Only `is_damaged` can tell a
damaged file from a missing one.
"""

import re
import sqlite3
from collections.abc import Container
from pathlib import Path
from typing import Any
from urllib.parse import unquote

FINGERPRINT, COMPLETE = "fingerprint", "complete"
TRAINING_TAG = "live.training"  # digest of the training that a live run follows
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///([^?]+)")


def local_store(root: Path) -> str:
    """Return the URI of the SQLite store at the project's root folder."""
    path = str(root.resolve() / "mlflow.db")
    quoted = path.replace("%", "%25").replace("?", "%3F")
    # MLflow takes whatever follows `sqlite:///` for a path and would create the quoted folder, but
    # passes a URI that names the driver on to SQLAlchemy, which unquotes it.
    return f"sqlite:///{path}" if quoted == path else f"sqlite+pysqlite:///{quoted}"


def database(uri: str) -> Path | None:
    """Return the file of an SQLite store, None for any other kind of store."""
    found = _SQLITE.match(uri)
    return Path(unquote(found[1])) if found else None


def known_runs(uri: str, experiment: str) -> dict[str, str]:
    """Return fingerprint to run id of all completely logged runs, the oldest of duplicates.

    Empty if a killed process has left one of our runs RUNNING, so that the caller sweeps it.

    Args:
        uri: the tracking URI; for stores other than SQLite nothing is known.
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
    """Return the ids of an experiment's complete runs that have a tag, the oldest first."""
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
    """Return whether any live run is RUNNING or belongs to one of these trainings."""
    rows = _read(
        uri,
        "SELECT tags.value, runs.status FROM tags JOIN runs USING (run_uuid)"
        " JOIN experiments USING (experiment_id)"
        " WHERE tags.key = ? AND experiments.name = ? AND runs.lifecycle_stage = 'active'",
        (TRAINING_TAG, experiment),
    )
    return any(status == "RUNNING" or training in trainings for training, status in rows)


def find_experiment(uri: str, experiment: str) -> str | None:
    """Return the id of an experiment that is not deleted; None if the store has none."""
    query = "SELECT experiment_id FROM experiments WHERE name = ? AND lifecycle_stage = 'active'"
    rows = _read(uri, query, (experiment,))
    return str(rows[0][0]) if rows else None


def experiment_tag(uri: str, experiment: str, key: str) -> str | None:
    """Return the value of a tag of an experiment; None if it has none."""
    query = (
        "SELECT experiment_tags.value FROM experiment_tags JOIN experiments USING (experiment_id)"
        " WHERE experiments.name = ? AND experiment_tags.key = ?"
    )
    rows = _read(uri, query, (experiment, key))
    return rows[0][0] if rows else None


def artifact_folder(uri: str, experiment: str) -> str | None:
    """Return the URI of an experiment's artifact folder; None if there is no such experiment."""
    query = "SELECT artifact_location FROM experiments WHERE name = ?"
    rows = _read(uri, query, (experiment,))
    return rows[0][0] if rows else None


def is_damaged(uri: str) -> bool:
    """Return whether an SQLite store's file exists but is corrupt.

    An empty file is a valid database without tables; one that cannot be read at the moment (locked,
    no permission) does not count as damaged.
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
