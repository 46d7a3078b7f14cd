"""Tags to find and recognise a run by: commit, experiment, digests, device, headline."""

import getpass
import hashlib
import json
import os
from collections.abc import Mapping

from pydantic import JsonValue

from pipeline.tasks import Task
from pipeline.tracking.git_state import run_git
from pipeline.tracking.recorded import Training

HEADLINE_SPLIT = "val"  # models are compared and promoted by their metrics on it


def run_tags(
    params: Mapping[str, JsonValue],
    deps: Mapping[str, str],
    metrics: Mapping[str, float],
    task: Task,
    training: Training,
) -> dict[str, str]:
    """Return the tags of a run, without empty ones.

    Parameters, data, and everything that the stages depend on each have a tag with their digest, so
    that `tags."digest.data" = '...'`, say, finds the runs on the same data.

    Args:
        params: by dotted key, as DVC has locked them.
        deps: path to md5 of everything that went into the result.
        metrics: by their names in MLflow.
        task: what the rung predicts.
        training: how it was trained.
    """
    value = metrics.get(f"{HEADLINE_SPLIT}/{task.headline}")
    tags = {
        "mlflow.source.name": "dvc repro",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": user(),
        "dvc.exp_name": os.environ.get("DVC_EXP_NAME", ""),
        "device": training.device or str(params.get("train.shared.device", "")),
        "processor": training.processor,
        "seed": str(params.get("train.shared.seed", "")),
        "headline": "" if value is None else f"{task.headline} {value:.3f}",
        "digest.params": digest(params),
        "digest.data": digest({path: md5 for path, md5 in deps.items() if is_data(path)}),
        "digest.deps": digest(deps),
    }
    return {name: tag for name, tag in tags.items() if tag}


def is_data(path: str) -> bool:
    """Return whether a dependency of a stage is data, not code."""
    return path.startswith("data/")


def digest(values: Mapping[str, JsonValue] | Mapping[str, str]) -> str:
    """Return the first 12 digits of the SHA-256 of some values, regardless of their order.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def user() -> str:
    """Return the user's name in git, or else in the system."""
    try:
        return run_git("config", "user.name") or getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return ""
