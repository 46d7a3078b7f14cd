"""What the user may name as one side of a comparison: a folder, commit, experiment or run."""

import os
from dataclasses import replace
from pathlib import Path

from pipeline.compare.sides.evaluated import evaluated_result
from pipeline.compare.sides.in_cache import find_commit, result_of_commit, result_of_run
from pipeline.compare.sides.in_folder import result_in_folder
from pipeline.compare.sides.results import Side
from pipeline.errors import InputError
from pipeline.other_data.result import is_evaluation
from pipeline.tracking.named_runs import find_run

_RUN = "runs:/"  # MLflow's own prefix, for a run whose id could also be that of a commit


def find_result(words: str) -> Side:
    """Return the result that is called `NAME` or `NAME:RUNG`.

    A folder takes precedence over a commit, a commit over an experiment, and an experiment over an
    MLflow run; `runs:/ID` always means a run.

    Args:
        words: what the user wrote; commits, experiments and runs are those of the project in the
            working directory.

    Raises:
        InputError: nothing has this name, or it has no such rung.
    """
    name, rung = words, None
    if not Path(words).is_dir() and ":" in words.removeprefix(_RUN):
        name, _, rung = words.rpartition(":")
    result = _named(name)
    if rung is not None and rung not in result.rungs:
        there = ", ".join(result.rungs) or "none"
        raise InputError(f"{words}: no result of a rung {rung!r} in {result.about}; it has {there}")
    return replace(result, rung=rung) if rung else result


def _named(name: str) -> Side:
    if not name.startswith(_RUN):
        if is_evaluation(Path(name)):
            return evaluated_result(name, Path(name))
        if Path(name).is_dir():
            return result_in_folder(name, Path(name))
        commit = find_commit(name)
        if commit:
            return result_of_commit(name, commit, Path())
    run = find_run(name.removeprefix(_RUN), Path(), os.environ.get("MLFLOW_TRACKING_URI"))
    if run is None:
        raise InputError(
            f"{name}: no folder, commit, DVC experiment or MLflow run has this name; "
            "`git log`, `dvc exp list` and `ladder ui` list them"
        )
    return result_of_run(name, run, Path())
