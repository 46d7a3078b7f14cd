"""Keeps the last checkpoint of a training until DVC has recorded the result.

DVC hashes and copies a model before it writes `dvc.lock`. If it is killed in between, it trains
again; from this checkpoint that takes seconds and gives the same result.
"""

import os
from pathlib import Path


def checkpoint_folder(rung: str) -> Path:
    """Return the folder of a rung's checkpoints, in the project's root even in copies by DVC."""
    return Path(os.environ.get("DVC_ROOT", ".")) / ".ladder" / "checkpoints" / rung


def finish(checkpoint: Path) -> None:
    """Mark a training as finished, dropping the mark of an earlier one of this rung."""
    forget(checkpoint.parent)
    if checkpoint.exists():
        checkpoint.replace(_finished(checkpoint))


def reopen(checkpoint: Path) -> None:
    """Let a finished training that is run again resume from its end."""
    if _finished(checkpoint).exists():
        _finished(checkpoint).replace(checkpoint)


def forget(folder: Path) -> None:
    """Delete the checkpoint of a finished training: its result is recorded, or no longer wanted."""
    for finished in folder.glob("*.finished"):
        finished.unlink()


def _finished(checkpoint: Path) -> Path:
    return checkpoint.with_suffix(".finished")
