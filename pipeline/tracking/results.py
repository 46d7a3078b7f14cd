"""What every rung has left in the project's folders, gathered for MLflow."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from pipeline.errors import InputError
from pipeline.files import EVALUATION, FIGURES, METRICS, MODELS, TABLES, TRAINING
from pipeline.tasks import Task
from pipeline.tracking.dvc_lock import (
    Stages,
    digests,
    fingerprint,
    flat_params,
    with_upstream,
)
from pipeline.tracking.git_state import committed_lines
from pipeline.tracking.mlflow_runs import Result
from pipeline.train.history import read_history
from pipeline.yaml_file import flatten

SPLIT = "val"
_PROCESSOR = '"processor": '


@dataclass(frozen=True)
class Training:
    """How a training went, as the train stage notes it: empty where it has not been noted."""

    seconds: float | None = None
    device: str = ""
    processor: str = ""


def read_training(rung: str) -> Training:
    """Return how a rung's training went, also where its model was pulled from elsewhere."""
    path = TRAINING / f"{rung}.json"
    noted = _read_json(path) if path.is_file() else {}
    seconds = noted.get("seconds")
    return Training(
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
        device=str(noted.get("device") or ""),
        processor=str(noted.get("processor") or ""),
    )


def note_on_processors() -> str | None:
    """Return a line where git's last commit has metrics of another processor, else None.

    Models compute in bfloat16 where the processor has units for it, and equal runs on two kinds of
    processor differ in the third digit of their metrics: that is no sign of a bug.
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
    """Return the values of the JSON key `processor` that lines of an indented file hold."""
    pairs = [line.strip().rstrip(",") for line in lines if _PROCESSOR in line]
    return {str(json.loads(f"{{{pair}}}")["processor"]) for pair in pairs}


def _named(processors: set[str]) -> str:
    return " and ".join(sorted(processors))


def missing_result(lock: Stages, rung: str) -> str | None:
    """Return why a rung has no result that could be logged, None when it has one."""
    stages = _stages_of(lock, rung)
    if stages is None:
        return "not in dvc.lock yet: `dvc repro` makes it"
    made: dict[str, str] = {}
    for name in stages:  # in the order in which they run
        used = digests(lock[name].deps)
        for path in made.keys() & used.keys():
            if made[path] != used[path]:
                return f"{name} has seen an older {path}: `dvc repro` makes it again"
        made |= digests(lock[name].outs)
    metrics = METRICS / f"{rung}.json"
    for needed in (MODELS / rung / "model.json", EVALUATION / rung, metrics):
        if not needed.exists():
            return f"{needed} is not here: `dvc checkout` or `dvc pull` brings it"
    if _md5(metrics) != made.get(metrics.as_posix()):
        return f"{metrics} is not the one in dvc.lock: `dvc repro` makes it anew"
    return None


def collect(lock: Stages, rung: str, git_tags: Mapping[str, str]) -> Result:
    """Return everything that MLflow keeps of a rung that `missing_result` finds nothing against.

    Args:
        lock: what DVC has noted.
        rung: its name.
        git_tags: added to the tags of the rung itself.

    Raises:
        InputError: a file of it is damaged.
    """
    stages = _stages_of(lock, rung) or []
    params = flat_params(lock, with_upstream(lock, stages))
    deps: dict[str, str] = {}
    for name in stages:
        deps |= digests(lock[name].deps)
    metrics = _metrics(rung)
    model = MODELS / rung
    return Result(
        rung=rung,
        fingerprint=fingerprint(lock, stages, {model.as_posix(): _digest_of_model(model)}),
        params=_alike_in_all_rungs(params, rung),
        metrics=metrics,
        history=read_history(model / "history.jsonl"),
        tags={**git_tags, **_tags(rung, params, deps, metrics)},
        datasets={path: md5 for path, md5 in deps.items() if path.startswith("data/")},
        pictures=sorted((FIGURES / rung).glob("*.png")),
        folders={"model": model, "evaluation": EVALUATION / rung},
    )


def _stages_of(lock: Stages, rung: str) -> list[str] | None:
    """Return the stages that train, predict and evaluate a rung, None before all have run."""
    names = [f"{stage}@{rung}" for stage in ("train", "predict", "evaluate")]
    return names if all(name in lock for name in names) else None


def _metrics(rung: str) -> dict[str, float]:
    """Return what was measured, `val/accuracy` and so on; a split without photos has nulls."""
    values = _read_json(METRICS / f"{rung}.json").get(rung)
    flat = flatten(values) if isinstance(values, dict) else {}
    return {
        name.replace(".", "/"): value
        for name, value in flat.items()
        if isinstance(value, int | float)
    }


def _alike_in_all_rungs(params: Mapping[str, JsonValue], rung: str) -> dict[str, JsonValue]:
    """Drop `shared` and the rung's name, so that MLflow compares the rungs key by key."""
    return {
        name.replace("train.shared.", "train.").replace(f"train.{rung}.", "train."): value
        for name, value in params.items()
    }


def _tags(
    rung: str,
    params: Mapping[str, JsonValue],
    deps: Mapping[str, str],
    metrics: Mapping[str, float],
) -> dict[str, str]:
    training, headline = read_training(rung), _headline(rung)
    tags = {f"dvc.dep.{path}": md5 for path, md5 in deps.items()}
    tags |= {"mlflow.source.name": "dvc repro", "mlflow.source.type": "LOCAL"}
    tags["device"] = training.device or str(params.get("train.shared.device", ""))
    tags["processor"] = training.processor
    tags["seed"] = str(params.get("train.shared.seed", ""))
    tags["dvc.exp_name"] = os.environ.get("DVC_EXP_NAME", "")
    tags |= _machine_tags(params)
    value = metrics.get(f"{SPLIT}/{headline}")
    if value is not None:
        tags["headline"] = f"{headline} {value:.3f}"
    return {name: value for name, value in tags.items() if value}


def _machine_tags(params: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return who labelled what no person has, and how much of all objects that is."""
    sources = params.get("fetch.sources")
    path = TABLES / "report.json"
    if not isinstance(sources, list) or not path.is_file():
        return {}
    teachers = {str(one.get("teacher") or "") for one in sources if isinstance(one, dict)} - {""}
    report = _read_json(path)
    objects, by_model = report.get("objects"), report.get("labelled_by_a_model")
    if not isinstance(objects, int) or not isinstance(by_model, int) or not by_model:
        return {}
    share = f"{by_model} of {objects} objects ({by_model / objects:.0%})"
    return {"teacher": ", ".join(sorted(teachers)), "machine_labels": share}


def _headline(rung: str) -> str:
    path = MODELS / rung / "model.json"
    try:
        return Task(_read_json(path).get("task")).headline
    except ValueError:
        raise InputError(f"{path}: task: not one that a rung has; train the rung again") from None


def _digest_of_model(folder: Path) -> str:
    """Return the SHA-256 of what a model consists of: all files of its folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.name} {content}\n".encode())
    return digest.hexdigest()


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _read_json(path: Path) -> dict[str, JsonValue]:
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a JSON object; remove it and run `dvc repro`")
    return content
