"""What a killed training needs to resume with the same result."""

import hashlib
import json
import pickle
from pathlib import Path
from typing import TypedDict

import torch

from pipeline.files import write_beside
from pipeline.train.history import EpochRow
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


def config_digest(*parts: object) -> str:
    """Return 16 hex digits that change when any of the JSON-like `parts` changes."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def files_digest(paths: list[Path]) -> str:
    """Return a digest of the contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint over an older one."""
    write_beside(path, lambda beside: torch.save(checkpoint, beside))


def load_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint at `path`, on the CPU, or None where there is none or half of one.

    An optimizer counts its steps on the CPU and keeps loaded counts where they are: on a GPU,
    reading them would synchronise in every step.
    """
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError):
        return None
