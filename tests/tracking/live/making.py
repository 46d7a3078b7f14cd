"""The real process that follows a training, fed with epochs by a test."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.train.follower import FINISHED
from pipeline.train.history import EpochRow
from tests.conftest import ROOT

TRAINING = "0af3" * 4
HISTORY = [
    EpochRow(
        epoch=epoch,
        phase="late",
        lr=0.1 / epoch,
        train={"loss": 3.0 / epoch},
        val={"loss": 1.0},
        found=[],
    )
    for epoch in range(1, 6)
]


class Told:
    """A following process and its input."""

    def __init__(self, root: Path, uri: str = "", **environment: str):
        (root / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
        settings = {"PYTHONPATH": str(ROOT), "DVC_ROOT": str(root), "MLFLOW_TRACKING_URI": uri}
        fast = {"MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "1"}
        words = ("-m", "pipeline.tracking.live.process", "ssd_fpn", TRAINING)
        self.process = subprocess.Popen(
            [sys.executable, *words],
            cwd=root,
            env={**os.environ, **settings, **fast, **environment},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def tell(self, *epochs: int) -> None:
        for epoch in epochs:
            self._write(json.dumps(HISTORY[epoch - 1]))

    def finish(self) -> str:
        """Send the end of the training; return what the process prints until it ends."""
        self._write(FINISHED)
        return self.stop()

    def stop(self) -> str:
        """Close the input, as when a training dies; return what the process prints."""
        _, said = self.process.communicate(timeout=600)
        return said.decode()

    def _write(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + 600
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
