"""A process of its own that is told each epoch of a training, and never waited for.

What it does with them is its affair: it may be slow, hang or die, and the training is the same, bit
for bit. It learns of the training's end, by whatever cause, as the end of its standard input.
"""

import json
import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from pipeline.train.history import EpochRow

FINISHED = "finished"  # the last line that it is told, unless the training was stopped
# Nobody follows a training that is over before the follower has got up.
_WORTH_SECONDS = 30.0


class Follower:
    """Starts a process after the first epoch, if there is enough left to follow.

    Args:
        command: reads a JSON object a line from its standard input, an `EpochRow` each.
    """

    def __init__(self, command: Sequence[str]):
        self.command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: IO[bytes] | None = None

    def epoch(self, row: EpochRow, seconds_left: float) -> None:
        """Tell an epoch; `seconds_left` is how long the training is going to take from here."""
        if self._process is None and seconds_left >= _WORTH_SECONDS:
            with suppress(OSError):  # no memory left for another process, say
                self._start()
        self._tell(json.dumps(row))

    def finish(self) -> None:
        """Tell that the training has seen its last epoch."""
        self._tell(FINISHED)
        self._hang_up()

    def _start(self) -> None:
        # In a session of its own Ctrl-C does not reach it, so that it can still tell the end.
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self._pipe = self._process.stdin
        if self._pipe:
            os.set_blocking(self._pipe.fileno(), False)

    def _tell(self, line: str) -> None:
        if self._pipe is None:
            return
        try:
            # Whole or not at all: a line is shorter than PIPE_BUF.
            os.write(self._pipe.fileno(), f"{line}\n".encode())
        except OSError:  # it has ended, or reads nothing and the pipe is full
            self._hang_up()

    def _hang_up(self) -> None:
        if self._pipe:
            self._pipe.close()
            self._pipe = None
