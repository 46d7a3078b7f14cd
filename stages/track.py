"""Stage `track`, always run: one MLflow run for each result, then the ladder's table."""

import argparse
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from pipeline.errors import InputError
from pipeline.params import load_params
from pipeline.report.ladder_table import Row, print_ladder
from pipeline.rungs.registry import RUNGS, find_rung
from pipeline.tracking.dvc_lock import (
    Stages,
    digests,
    fingerprint,
    flat_params,
    flatten,
    maker,
    read_lock,
    with_upstream,
)
from pipeline.tracking.mlflow_runs import Outcome, Result, track_results, without_password
from pipeline.tracking.sqlite_store import database
from pipeline.train.history import read_history
from stages.entry import run_stage

# What DVC itself writes during a run does not make a working copy differ from its commit.
_WRITTEN_BY_DVC = (":!params.yaml", ":!dvc.lock", ":!metrics")
_SPLIT = "val"


def main() -> None:
    """Log every result that MLflow has not yet and print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    load_params(Path("params.yaml"))
    lock = read_lock(Path("dvc.lock"))
    results, git = [], git_tags()
    for rung in (rung.name for rung in RUNGS):
        reason = missing_result(lock, rung)
        if reason:
            print(f"{rung}: skipped, {reason}")
        else:
            results.append(collect(lock, rung, git))
    root = Path(os.environ.get("DVC_ROOT") or ".").resolve()
    outcomes = track_results(results, root, os.environ.get("MLFLOW_TRACKING_URI"))
    show(results, outcomes)


def missing_result(lock: Stages, rung: str) -> str | None:
    """Return why a rung has no result that could be logged, None when it has one."""
    metrics, model = f"metrics/{rung}.json", f"models/{rung}"
    train, evaluate = maker(lock, model), maker(lock, metrics)
    if not train or not evaluate:
        return "not in dvc.lock yet: `dvc repro` makes it"
    made, used = digests(lock[train], "outs").get(model), digests(lock[evaluate], "deps").get(model)
    if made != used:
        return "evaluated with an older model: `dvc repro` mends it"
    if not (Path(model) / "model.json").is_file() or not Path(metrics).is_file():
        return f"{model} or {metrics} is not here: `dvc checkout` or `dvc pull` brings it"
    if _md5(Path(metrics)) != digests(lock[evaluate], "outs")[metrics]:
        return f"{metrics} is not the one in dvc.lock: `dvc repro` mends it"
    return None


def collect(lock: Stages, rung: str, tags: dict[str, str]) -> Result:
    """Return everything that MLflow keeps of a rung; `tags` are added to its own."""
    own = [str(maker(lock, f"models/{rung}")), str(maker(lock, f"metrics/{rung}.json"))]
    params = flat_params(lock, with_upstream(lock, own))
    deps = digests(lock[own[0]], "deps") | digests(lock[own[1]], "deps")
    metrics = flatten(_read_json(Path("metrics") / f"{rung}.json").get(rung, {}))
    return Result(
        rung=rung,
        fingerprint=fingerprint(lock, own),
        params=_alike_in_all_rungs(params, rung),
        metrics={k.replace(".", "/"): v for k, v in metrics.items() if v is not None},
        history=read_history(Path("models") / rung / "history.jsonl"),
        tags=tags | _tags(rung, params, deps, metrics),
        datasets={path: md5 for path, md5 in deps.items() if path.startswith("data/")},
        pictures=sorted((Path("figures") / rung).glob("*.png")),
        model_files=Path("models") / rung,
    )


def show(results: list[Result], outcomes: list[Outcome]) -> None:
    """Print the table and where to look next."""
    rows = [_row(result, outcome) for result, outcome in zip(results, outcomes, strict=True)]
    pictures = "pictures: figures/ladder.png and figures/<rung>/*.png"
    closing = [pictures if rows else "no results yet: `dvc repro`"]
    for uri in sorted({outcome.store for outcome in outcomes}):
        store = database(uri)
        where = store.name if store else without_password(uri)
        closing.append(f"MLflow:   {where}, opened by `make ui`")
    print_ladder(rows, _SPLIT, closing)


def _row(result: Result, outcome: Outcome) -> Row:
    prefix = f"{_SPLIT}/"
    return Row(
        rung=result.rung,
        metrics={k.removeprefix(prefix): v for k, v in result.metrics.items() if prefix in k},
        epochs=len(result.history),
        seconds=_timing(result.rung).get("seconds"),
        run=f"{'new' if outcome.new else 'known'} {outcome.run_id[:8]}",
    )


def _alike_in_all_rungs(params: dict[str, Any], rung: str) -> dict[str, Any]:
    """Drop `shared` and the rung's name, so that MLflow compares the rungs key by key."""
    return {
        name.replace("train.shared.", "train.").replace(f"train.{rung}.", "train."): value
        for name, value in params.items()
    }


def _tags(
    rung: str, params: dict[str, Any], deps: dict[str, str], metrics: dict[str, Any]
) -> dict[str, str]:
    tags = {f"dvc.dep.{path}": md5 for path, md5 in deps.items()}
    tags |= {"mlflow.source.name": "dvc repro", "mlflow.source.type": "LOCAL"}
    tags["device"] = str(_timing(rung).get("device") or params.get("train.shared.device", ""))
    tags["seed"] = str(params.get("train.shared.seed", ""))
    tags["dvc.exp_name"] = os.environ.get("DVC_EXP_NAME", "")
    headline = find_rung(rung).headline
    value = metrics.get(f"{_SPLIT}.{headline}")
    if value is not None:
        tags["headline"] = f"{headline} {value:.3f}"
    return {name: value for name, value in tags.items() if value}


def git_tags() -> dict[str, str]:
    """Return the tags of the commit and of whether the working copy differs from it."""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return {}
    changed = _git("status", "--porcelain", "--", ".", *_WRITTEN_BY_DVC)
    return {"mlflow.source.git.commit": commit, "git.dirty": str(bool(changed)).lower()}


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _timing(rung: str) -> dict[str, Any]:
    path = Path("timings") / f"{rung}.json"
    return _read_json(path) if path.is_file() else {}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a JSON object; remove it and run `dvc repro`")
    return content


if __name__ == "__main__":
    run_stage(main)
