"""A training's last checkpoint stays until DVC has recorded the result.

DVC hashes and copies a model before it writes `dvc.lock`. Killed meanwhile, it trains again; out of
this checkpoint that takes seconds, and the result is the same.
"""

import os
from pathlib import Path


def checkpoint_folder(rung: str) -> Path:
    """Return the folder of a rung's checkpoints, in the project's root even in DVC's copies."""
    return Path(os.environ.get("DVC_ROOT", ".")) / ".ladder" / "checkpoints" / rung


def finish(checkpoint: Path) -> None:
    """Mark a training as finished; the mark of an earlier one of this rung is forgotten."""
    forget(checkpoint.parent)
    if checkpoint.exists():
        checkpoint.replace(_finished(checkpoint))


def reopen(checkpoint: Path) -> None:
    """Let a training that was finished, but is run again, go on from its end."""
    if _finished(checkpoint).exists():
        _finished(checkpoint).replace(checkpoint)


def forget(folder: Path) -> None:
    """Delete the checkpoint of a finished training: its result is recorded, or no longer wanted."""
    for finished in folder.glob("*.finished"):
        finished.unlink()


def _finished(checkpoint: Path) -> Path:
    return checkpoint.with_suffix(".finished")
