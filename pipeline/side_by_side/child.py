"""One running stage: a `dvc repro` of that stage alone, its output, and its end."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress

from pipeline.processes import die_with_parent
from pipeline.side_by_side.slots import Slot

_BYTES = 1 << 16
_LINES = 100  # kept, to find the cause of a failure in


class Child:
    """A stage run by DVC, in a process group that Ctrl-C in the terminal does not reach.

    Args:
        stage: its name.
        slot: where it runs.
    """

    def __init__(self, stage: str, slot: Slot):
        self.stage, self.slot, self.started = stage, slot, time.monotonic()
        # Two stages that end together write dvc.lock one after the other. Without this option the
        # second would give up after three seconds and lose its work.
        words = ["--wait-for-lock", "repro", "--single-item", stage]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dvc", *words],
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | slot.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=_prepare,
        )
        assert self._process.stdout
        self.output = self._process.stdout
        os.set_blocking(self.output.fileno(), False)
        self._rest = b""
        self._last: deque[str] = deque(maxlen=_LINES)

    def read(self) -> list[str]:
        """Return the lines written since the last call, without waiting for more."""
        while True:
            try:
                new = os.read(self.output.fileno(), _BYTES)
            except BlockingIOError:
                break
            if not new:
                break
            self._rest += new
        *whole, self._rest = self._rest.replace(b"\r", b"\n").split(b"\n")
        return self._told(whole)

    def ended(self) -> int | None:
        """Return its exit code; None while it is running."""
        return self._process.poll()

    def close(self) -> list[str]:
        """Return the last lines of a child that has ended; processes it left behind are ignored."""
        lines = self.read() + self._told([self._rest])
        self.output.close()
        return lines

    def cause(self) -> str:
        """Return the line that says why it failed: the stage's own, or else DVC's."""
        for start in ("error: ", "ERROR: "):
            for line in reversed(self._last):
                if line.startswith(start):
                    return line.removeprefix(start)
        return f"exit code {self._process.returncode}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to DVC and everything that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _told(self, lines: list[bytes]) -> list[str]:
        told = [
            text for line in lines if (text := line.decode(errors="replace").expandtabs().rstrip())
        ]
        self._last.extend(told)
        return told


def _prepare() -> None:
    """Let a child end with its parent, and at SIGINT even if the parent runs in the background."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
