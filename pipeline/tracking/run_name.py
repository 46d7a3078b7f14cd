"""Names of runs that tell apart what a person has changed."""

import os
from collections.abc import Mapping

from pydantic import JsonValue

from pipeline.errors import InputError
from pipeline.profiles import FlatParams
from pipeline.tracking.git_state import committed_params

_NAMED = 2  # parameters; of more than these the name tells the number


def params_of_commit() -> FlatParams:
    """Return the parameters of git's last commit; none where it has none that can be read."""
    try:
        return committed_params()
    except InputError:
        return {}


def changed_params(params: FlatParams, committed: FlatParams) -> FlatParams:
    """Return the parameters of a run, as DVC has locked them, that are not as committed.

    Nothing is said to have changed where nothing is known of a commit.
    """
    if not committed:
        return {}
    return {key: value for key, value in params.items() if value != committed.get(key)}


def short_key(key: str, rung: str) -> str:
    """Return a parameter's name as a person calls it within its rung.

    >>> [short_key(key, "bbox") for key in ("train.bbox.late.lr", "train.shared.seed", "a.b")]
    ['late.lr', 'seed', 'a.b']
    """
    return key.removeprefix(f"train.{rung}.").removeprefix("train.shared.")


def run_name(rung: str, changed: Mapping[str, JsonValue], fingerprint: str) -> str:
    """Return rung, what was changed, DVC's name of the experiment, and the result's digest.

    >>> run_name("bbox", {"train.bbox.late.lr": 0.1, "train.shared.seed": 7}, "0af3")
    'bbox · late.lr=0.1 seed=7 · 0af3'
    """
    named = [f"{short_key(key, rung)}={value}" for key, value in changed.items()]
    # The training's own parameters say more than where the photos lie.
    named.sort(key=lambda word: word.startswith(("fetch.", "pixels.", "predict.")))
    words = named[:_NAMED] + ([f"+{len(named) - _NAMED}"] if len(named) > _NAMED else [])
    parts = [rung, " ".join(words), os.environ.get("DVC_EXP_NAME", ""), fingerprint[:8]]
    return " · ".join(part for part in parts if part)
