"""Names of runs that show which parameters were changed."""

import os
from collections.abc import Mapping

from pydantic import JsonValue

from pipeline.errors import InputError
from pipeline.profiles import FlatParams
from pipeline.tracking.git_state import committed_params

_NAMED = 2  # parameters in a name; further ones are counted


def params_of_commit() -> FlatParams:
    """Return the parameters of git's last commit; none if they cannot be read."""
    try:
        return committed_params()
    except InputError:
        return {}


def changed_params(params: FlatParams, committed: FlatParams) -> FlatParams:
    """Return the parameters of a run, as locked by DVC, that differ from the committed ones.

    Empty if nothing is known of a commit.
    """
    if not committed:
        return {}
    return {key: value for key, value in params.items() if value != committed.get(key)}


def short_key(key: str, rung: str) -> str:
    """Return a parameter's name without the prefix of its rung.

    >>> [short_key(key, "bbox") for key in ("train.bbox.late.lr", "train.shared.seed", "a.b")]
    ['late.lr', 'seed', 'a.b']
    """
    return key.removeprefix(f"train.{rung}.").removeprefix("train.shared.")


def run_name(rung: str, changed: Mapping[str, JsonValue], fingerprint: str) -> str:
    """Return the rung, what was changed, DVC's name of the experiment, and the result's digest.

    >>> run_name("bbox", {"train.bbox.late.lr": 0.1, "train.shared.seed": 7}, "0af3")
    'bbox · late.lr=0.1 seed=7 · 0af3'
    """
    named = [f"{short_key(key, rung)}={value}" for key, value in changed.items()]
    # Parameters of the training first: they say more than where the photos come from.
    named.sort(key=lambda word: word.startswith(("fetch.", "pixels.", "predict.")))
    words = named[:_NAMED] + ([f"+{len(named) - _NAMED}"] if len(named) > _NAMED else [])
    parts = [rung, " ".join(words), os.environ.get("DVC_EXP_NAME", ""), fingerprint[:8]]
    return " · ".join(part for part in parts if part)
