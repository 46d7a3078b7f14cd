"""The results of a rung, gathered from the project's folders for MLflow."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite, nan
from pathlib import Path

from pipeline.evaluate.result_files import ClassAp, MetricInterval, read_rows
from pipeline.files import EVALUATION, FIGURES, METRICS, MODELS, REPORT, TRAINING, md5_of, sha256_of
from pipeline.profiles import FlatParams
from pipeline.tracking.dvc_lock import (
    Stages,
    alike_in_all_rungs,
    digests,
    fingerprint,
    flat_params,
    stages_of_rung,
    with_upstream,
)
from pipeline.tracking.git_state import committed_lines
from pipeline.tracking.live.curves import CURVES
from pipeline.tracking.mlflow_runs import Result
from pipeline.tracking.model_card import ModelFacts, model_card
from pipeline.tracking.named_runs import DEPS
from pipeline.tracking.recorded import (
    Training,
    read_json,
    read_machine_labels,
    read_task,
    read_training,
)
from pipeline.tracking.run_name import changed_params, run_name
from pipeline.tracking.run_tags import HEADLINE_SPLIT, is_data, run_tags
from pipeline.train.history import EpochRow, read_history
from pipeline.yaml_file import flatten

_PROCESSOR = '"processor": '


def note_on_processors() -> str | None:
    """Return a note if git's last commit has metrics from another processor, otherwise None.

    Models compute in bfloat16 if the processor supports it, and equal runs on two kinds of
    processors differ in the third digit of their metrics, which is not a sign of a bug.
    """
    lines = [line for path in METRICS.glob("*.json") for line in path.read_text().splitlines()]
    here, committed = _processors(lines), _processors(committed_lines(_PROCESSOR, METRICS))
    if not here or not committed or here == committed:
        return None
    return (
        f"metrics/ as committed: made on {_named(committed)}, these on {_named(here)}; "
        "equal runs on the two differ in the third digit"
    )


def _processors(lines: Iterable[str]) -> set[str]:
    """Return the values of the JSON key `processor` in lines of an indented file."""
    pairs = [line.strip().rstrip(",") for line in lines if _PROCESSOR in line]
    return {str(json.loads(f"{{{pair}}}")["processor"]) for pair in pairs}


def _named(processors: set[str]) -> str:
    return " and ".join(sorted(processors))


def missing_result(lock: Stages, rung: str) -> str | None:
    """Return why a rung has no result that can be logged; None if it has one."""
    stages = stages_of_rung(lock, rung)
    if stages is None:
        return "not in dvc.lock yet: `dvc repro` makes it"
    made: dict[str, str] = {}
    for name in stages:  # in the order in which they run
        used = digests(lock[name].deps)
        for path in made.keys() & used.keys():
            if made[path] != used[path]:
                return f"{name} has read an older {path}: `dvc repro` makes it again"
        made |= digests(lock[name].outs)
    metrics = METRICS / f"{rung}.json"
    for needed in (MODELS / rung / "model.json", EVALUATION / rung, metrics):
        if not needed.exists():
            return f"{needed} is missing: `dvc checkout` or `dvc pull` brings it"
    if md5_of(metrics) != made.get(metrics.as_posix()):
        return f"{metrics} is not the one in dvc.lock: `dvc repro` makes it again"
    return None


def collect(lock: Stages, rung: str, git_tags: Mapping[str, str], committed: FlatParams) -> Result:
    """Return everything that MLflow keeps of a rung for which `missing_result` returns None.

    Args:
        lock: what DVC has recorded.
        rung: its name.
        git_tags: added to the tags of the rung itself.
        committed: the parameters of git's last commit, of all rungs; see `params_of_commit`.

    Raises:
        InputError: one of its files is damaged.
    """
    stages = stages_of_rung(lock, rung) or []
    params = flat_params(lock, with_upstream(lock, stages))
    deps: dict[str, str] = {}
    for name in stages:
        deps |= digests(lock[name].deps)
    model, training = MODELS / rung, read_training(rung)
    history = read_history(model / "history.jsonl")
    task, classes = read_task(rung)
    metrics, machine = _metrics(rung), read_machine_labels(params)
    facts = ModelFacts(
        rung=rung,
        task=task,
        classes=classes,
        intervals=read_rows(EVALUATION / rung / "intervals.csv", MetricInterval),
        epochs=len(history),
        minutes=None if training.seconds is None else training.seconds / 60,
        processor=training.processor,
        changed=changed_params(params, committed),
        commit=git_tags.get("mlflow.source.git.commit", ""),
        experiment=os.environ.get("DVC_EXP_NAME", ""),
        machine_labels=machine.get("machine_labels", ""),
    )
    mark = fingerprint_of(lock, rung)
    tags = {**git_tags, **run_tags(params, deps, metrics, task, training), **machine}
    return Result(
        rung=rung,
        fingerprint=mark,
        name=run_name(rung, facts.changed, mark),
        seconds=training.seconds,
        training=training.digest,
        params=alike_in_all_rungs(params, rung),
        metrics=metrics | _best(history) | _took(training) | _ap_by_class(rung),
        history=history,
        tags=tags | {"mlflow.note.content": model_card(facts)},
        datasets={path: md5 for path, md5 in deps.items() if is_data(path)},
        pictures=sorted((FIGURES / rung).glob("*.png")),
        progress={
            int(picture.stem): picture for picture in (FIGURES / rung / "progress").glob("*.png")
        },
        folders={"evaluation": EVALUATION / rung} | _report(),
        model=model,
        records={DEPS: deps},
    )


def fingerprint_of(lock: Stages, rung: str) -> str:
    """Return the digest that identifies a rung's result in this folder to MLflow."""
    model = MODELS / rung
    # How long the training took is not part of the result.
    own = {model.as_posix(): _digest_of_model(model), f"{TRAINING}/{rung}.json": ""}
    return fingerprint(lock, stages_of_rung(lock, rung) or [], own)


def _report() -> dict[str, Path]:
    return {"report": REPORT} if REPORT.is_dir() else {}


def _best(history: Sequence[EpochRow]) -> dict[str, float]:
    """Return the epoch of the lowest val loss, that loss, and the highest mAP of any epoch."""
    losses = [(row["val"]["loss"], row["epoch"]) for row in history if "loss" in row["val"]]
    loss, epoch = min(losses, default=(nan, nan))
    maps = [row["val"]["voc_map_50"] for row in history if "voc_map_50" in row["val"]]
    best = {"best/val_loss": loss, "best/epoch": epoch} if losses else {}
    return best | ({"best/val_voc_map_50": max(maps)} if maps else {})


def _took(training: Training) -> dict[str, float]:
    return {} if training.seconds is None else {f"{CURVES}/minutes": training.seconds / 60}


def _ap_by_class(rung: str) -> dict[str, float]:
    path = EVALUATION / rung / "ap_by_class.csv"
    rows = read_rows(path, ClassAp) if path.is_file() else []
    return {f"{HEADLINE_SPLIT}/ap/{row.name}": row.ap for row in rows if isfinite(row.ap)}


def _metrics(rung: str) -> dict[str, float]:
    """Return the metrics, `val/accuracy` and so on; those of a split without photos are null."""
    values = read_json(METRICS / f"{rung}.json").get(rung)
    flat = flatten(values) if isinstance(values, dict) else {}
    return {
        name.replace(".", "/"): value
        for name, value in flat.items()
        if isinstance(value, int | float)
    }


def _digest_of_model(folder: Path) -> str:
    """Return the SHA-256 of a model: of all files in its folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            digest.update(f"{path.name} {sha256_of(path)}\n".encode())
    return digest.hexdigest()
