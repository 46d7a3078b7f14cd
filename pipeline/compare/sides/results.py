"""A result to compare: where the files of its rungs are, and what they were made with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from pipeline.tracking.dvc_lock import (
    Stages,
    alike_in_all_rungs,
    digests,
    flat_params,
    stages_of_rung,
    with_upstream,
)


@dataclass(frozen=True)
class RungFiles:
    """Where the files of a rung's result are, and what it was made with.

    Attributes:
        predictions: the file of the predict stage.
        tables: the files of `images`, and of `objects` or `largest` or both.
        params: by dotted key, with the same names for all rungs.
        deps: path to md5 of the code and data that went into it; empty if unknown.
        remedy: how to get a file that is missing.
    """

    predictions: Path
    tables: Mapping[str, Path]
    params: Mapping[str, str]
    deps: Mapping[str, str]
    remedy: str


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: as the user wrote it, without the rung.
        about: what was found under this name.
        rungs: the files of each rung that it has.
        source: the folder with its photos; None if they are only in the cache.
        rung: the one that the user named; None for all.
        split: the only split of its photos; None if there are several.
    """

    name: str
    about: str
    rungs: Mapping[str, RungFiles]
    source: Path | None = None
    rung: str | None = None
    split: str | None = None


def made_with(lock: Stages, rung: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the parameters and digests that DVC recorded for a rung; empty if there are none."""
    stages = stages_of_rung(lock, rung)
    if stages is None:
        return {}, {}
    deps: dict[str, str] = {}
    for stage in stages:
        deps |= digests(lock[stage].deps)
    return as_words(flat_params(lock, with_upstream(lock, stages)), rung), deps


def as_words(params: Mapping[str, JsonValue], rung: str) -> dict[str, str]:
    """Return parameters as MLflow has them, so that a run can be compared with a commit."""
    own = (f"train.{rung}.", "train.shared.")
    kept = {
        key: value
        for key, value in params.items()
        if key.startswith(own) or not key.startswith("train.")
    }
    return {key: str(value) for key, value in alike_in_all_rungs(kept, rung).items()}
