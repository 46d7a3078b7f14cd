"""A result to be compared: where the files of its rungs are, and what they were made with."""

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
    """Where the parts of a rung's result are, and what it was made with.

    Attributes:
        predictions: the file of the predict stage.
        tables: the files of `images`, and of `objects` or `largest` or both.
        params: by dotted key, named alike in all rungs.
        deps: path to md5 of code and data that went into it; empty where that is not known.
        remedy: what brings a file that is not there.
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
        source: the folder with its photos, None where only the cache has them.
        rung: the one that the user asked for, None for all.
        split: the only one that its photos are in, None where it has several.
    """

    name: str
    about: str
    rungs: Mapping[str, RungFiles]
    source: Path | None = None
    rung: str | None = None
    split: str | None = None


def made_with(lock: Stages, rung: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the parameters and the digests that DVC has noted of a rung, empty if it has none."""
    stages = stages_of_rung(lock, rung)
    if stages is None:
        return {}, {}
    deps: dict[str, str] = {}
    for stage in stages:
        deps |= digests(lock[stage].deps)
    return as_words(flat_params(lock, with_upstream(lock, stages)), rung), deps


def as_words(params: Mapping[str, JsonValue], rung: str) -> dict[str, str]:
    """Return parameters as MLflow has them, so that a run is compared with a commit."""
    own = (f"train.{rung}.", "train.shared.")
    kept = {
        key: value
        for key, value in params.items()
        if key.startswith(own) or not key.startswith("train.")
    }
    return {key: str(value) for key, value in alike_in_all_rungs(kept, rung).items()}
