"""What a killed training needs to resume with the same result."""

import hashlib
import json
import sys
from pathlib import Path
from typing import TypedDict, cast

import torch
from pydantic import BaseModel, ConfigDict

from pipeline.errors import InputError
from pipeline.files import sha256_of, write_beside
from pipeline.models.torch_file import load_torch_file
from pipeline.reading.damage import naming_damage
from pipeline.train.history import EpochRow, HistoryRow
from pipeline.train.learner import LearnerState


class Checkpoint(TypedDict):
    """A training after some epoch.

    Attributes:
        history: a row for each epoch.
        seconds: that they took.
        photos: that it was trained on, repeats counted.
        learner: of the last epoch's phase.
    """

    history: list[EpochRow]
    seconds: float
    photos: int
    learner: LearnerState


class _Learner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    model: dict[str, object]
    optimizer: dict[str, object]
    scheduler: dict[str, object]
    average: dict[str, object]


class _Content(BaseModel):
    """A checkpoint in a file, to check it."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    history: list[HistoryRow]
    seconds: float
    photos: int
    learner: _Learner


def config_digest(*parts: object) -> str:
    """Return 16 hex digits that change when any of the JSON-like `parts` changes."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def files_digest(paths: list[Path]) -> str:
    """Return a digest of the contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(bytes.fromhex(sha256_of(path)))
    return digest.hexdigest()


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint over an older one."""
    write_beside(path, lambda beside: torch.save(checkpoint, beside))


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint at `path`, on the CPU, or None where there is none that is whole.

    A line on stderr tells of one that is damaged.
    """
    if not path.exists():
        return None
    try:
        with naming_damage(path, "a checkpoint", "training begins anew"):
            content = load_torch_file(path)
            _Content.model_validate(content)
            return cast(Checkpoint, content)
    except InputError as error:
        print(f"warning: {error}", file=sys.stderr)
        return None
