"""Stage `track`, always run: logs one MLflow run per result, then prints the ladder's table."""

import argparse
import os
from pathlib import Path

from pipeline.evaluate.result_files import MetricInterval, read_rows
from pipeline.files import EVALUATION, LOCK, PARAMS
from pipeline.params.params import load_params
from pipeline.report.ladder_table import Row, print_ladder
from pipeline.tracking.dvc_lock import read_lock
from pipeline.tracking.git_state import git_tags, is_committed
from pipeline.tracking.mlflow_runs import Outcome, Result
from pipeline.tracking.mlflow_store import is_server, without_password
from pipeline.tracking.pages.links import comparison
from pipeline.tracking.recorded import read_training
from pipeline.tracking.results import collect, missing_result, note_on_processors
from pipeline.tracking.run_name import params_of_commit
from pipeline.tracking.run_tags import HEADLINE_SPLIT
from pipeline.tracking.sqlite_store import database
from pipeline.tracking.stores.choice import track_results
from stages.entry import run_stage


def main() -> None:
    """Log every result that MLflow does not have yet, and print the table."""
    argparse.ArgumentParser(prog="python -m stages.track", description=main.__doc__).parse_args()
    params = load_params(PARAMS)
    lock = read_lock(LOCK)
    results, tags, committed = [], git_tags(), params_of_commit()
    for rung in params.rung_names:
        reason = missing_result(lock, rung)
        if reason:
            print(f"{rung}: skipped, {reason}")
        else:
            results.append(collect(lock, rung, tags, committed))
    root = Path(os.environ.get("DVC_ROOT") or ".").resolve()
    outcomes = track_results(results, root, os.environ.get("MLFLOW_TRACKING_URI"))
    show(results, outcomes)


def show(results: list[Result], outcomes: list[Outcome]) -> None:
    """Print the table and where to look next."""
    rows = [_row(result, outcome) for result, outcome in zip(results, outcomes, strict=True)]
    pictures = "pictures: figures/ladder.png and figures/<rung>/*.png"
    closing = [pictures if rows else "no results yet: `dvc repro`"]
    for uri, experiment in sorted({(outcome.store, outcome.experiment) for outcome in outcomes}):
        store = database(uri)
        where = f"{store.name}, opened by `make ui`" if store else _page(uri, experiment)
        closing.append(f"MLflow:   {where}")
    notes = [line for line in (note_on_stores(outcomes), note_on_processors()) if line]
    print_ladder(rows, HEADLINE_SPLIT, [*closing, *notes])


def note_on_stores(outcomes: list[Outcome]) -> str | None:
    """Return a line if committed results are new to this folder's store, else None."""
    news = [one for one in outcomes if one.new and database(one.store)]
    if not news or not is_committed(str(LOCK)):
        return None
    return (
        "results of the commit are new here: each folder has its own store; "
        "MLFLOW_TRACKING_URI names a shared one"
    )


def _page(uri: str, experiment: str) -> str:
    shown = without_password(uri)
    return shown.rstrip("/") + comparison(experiment) if is_server(uri) else shown


def _row(result: Result, outcome: Outcome) -> Row:
    prefix = f"{HEADLINE_SPLIT}/"
    intervals = read_rows(EVALUATION / result.rung / "intervals.csv", MetricInterval)
    return Row(
        rung=result.rung,
        metrics={
            k.removeprefix(prefix): v for k, v in result.metrics.items() if k.startswith(prefix)
        },
        epochs=len(result.history),
        seconds=read_training(result.rung).seconds,
        run=f"{'new' if outcome.new else 'known'} {outcome.run_id[:8]}",
        intervals=[one for one in intervals if one.split == HEADLINE_SPLIT],
    )


if __name__ == "__main__":
    run_stage(main)
