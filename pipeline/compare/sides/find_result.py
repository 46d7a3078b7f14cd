"""What a person names as one side of a comparison: a folder, a commit, an experiment, a run."""

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

_RUN = "runs:/"  # MLflow's own spelling, for a run whose id is the start of a commit's, too


def find_result(words: str) -> Side:
    """Return the result that is called `NAME` or `NAME:RUNG`.

    A folder goes before a commit of this name, a commit before an experiment, and that before a
    run of MLflow, of which `runs:/ID` is always understood.

    Args:
        words: what the user wrote; commits, experiments and runs are those of the project in the
            working directory.

    Raises:
        InputError: nothing is called that, or it has no such rung.
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
            f"{name}: no folder, commit, experiment of DVC or run of MLflow is called that; "
            "`git log`, `dvc exp list` and `ladder ui` show what there is"
        )
    return result_of_run(name, run, Path())
