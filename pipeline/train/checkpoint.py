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
    """The state of a training after an epoch.

    Attributes:
        history: one row per epoch so far.
        seconds: how long these epochs took.
        photos: how many photos they trained on, repeats included.
        learner: state of the learner, of the last epoch's phase.
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
    """The schema of a checkpoint's file."""

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
    """Write a checkpoint, replacing an older one."""
    write_beside(path, lambda beside: torch.save(checkpoint, beside))


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint at `path`, on the CPU; None if it is missing or damaged.

    A damaged one is reported on stderr.
    """
    if not path.exists():
        return None
    try:
        with naming_damage(path, "a checkpoint", "training starts over"):
            content = load_torch_file(path)
            _Content.model_validate(content)
            return cast(Checkpoint, content)
    except InputError as error:
        print(f"warning: {error}", file=sys.stderr)
        return None
