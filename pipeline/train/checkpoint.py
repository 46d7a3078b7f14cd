"""Step 6: what a killed training needs to go on as if nothing had happened."""

import hashlib
import json
import os
import pickle
from pathlib import Path

import torch


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


def save_checkpoint(path: Path, state: dict) -> None:
    """Write `state`, dicts and lists of tensors and plain values, over an older one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".partial")
    torch.save(state, beside)
    os.replace(beside, path)


def load_checkpoint(path: Path) -> dict | None:
    """Return the state at `path`, on the CPU, or None where there is none or only half of one.

    An optimizer counts its steps on the CPU and takes them as they come: on a GPU they would be
    asked for in every step.
    """
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError):
        return None
