"""A separate process that is sent each epoch of a training, and never waited for.

What it does with them does not affect the training: it may be slow, hang or die, and the weights
are the same bit for bit. When the training ends, for whatever reason, its standard input closes.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from pipeline.train.history import EpochRow

FINISHED = "finished"  # the last line sent, unless the training was stopped
# A shorter training would be over before the follower has started.
_WORTH_SECONDS = 30.0


class Follower:
    """Starts a process after the first epoch, if enough of the training is left.

    Args:
        command: reads one JSON object per line from its standard input, each an `EpochRow`.
    """

    def __init__(self, command: Sequence[str]):
        self.command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: IO[bytes] | None = None

    def epoch(self, row: EpochRow, seconds_left: float) -> None:
        """Send an epoch; `seconds_left` is the estimated time until the training ends."""
        if self._process is None and seconds_left >= _WORTH_SECONDS:
            with suppress(OSError):  # such as no memory for another process
                self._start()
        self._send(json.dumps(row))

    def finish(self) -> None:
        """Send that the last epoch is over."""
        self._send(FINISHED)
        self._close()

    def _start(self) -> None:
        # Ctrl-C does not reach a session of its own, so it can still report the end.
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self._pipe = self._process.stdin
        if self._pipe:
            os.set_blocking(self._pipe.fileno(), False)

    def _send(self, line: str) -> None:
        if self._pipe is None:
            return
        try:
            # Atomic, as a line is shorter than PIPE_BUF.
            os.write(self._pipe.fileno(), f"{line}\n".encode())
        except OSError:  # it has ended, or reads nothing and the pipe is full
            self._close()

    def _close(self) -> None:
        if self._pipe:
            self._pipe.close()
            self._pipe = None
