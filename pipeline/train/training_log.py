"""Step 6: what people see of a training: a bar on a terminal, plain lines elsewhere."""

import sys
import time

from torch import Tensor
from tqdm import tqdm

_SECONDS_BETWEEN_LINES = 30.0


class TrainingWatch:
    """Shows epoch, photos per second, losses and time left; counts photos and seconds.

    After an epoch `seconds` and `cores_busy` are those of the training so far, validation included,
    but of this process alone: epochs of an earlier one do not count.

    Args:
        name: of the rung.
        epochs: of all phases together.
        steps_per_epoch: batches in an epoch.
    """

    def __init__(self, name: str, epochs: int, steps_per_epoch: int):
        self.name = name
        self.epochs = epochs
        self.steps = epochs * steps_per_epoch
        self.steps_per_epoch = steps_per_epoch
        self.photos = 0
        self.done = 0
        self.start = self._last = time.monotonic()
        self._cpu_start = time.process_time()
        self.seconds = self.cores_busy = 0.0
        self._first_step: int | None = None
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=self.steps, desc=name, unit="step", dynamic_ncols=True)

    def resume(self, epochs: int) -> None:
        """Take `epochs` for done in an earlier run."""
        self.done = epochs * self.steps_per_epoch
        if epochs:
            print(f"{self.name}: going on after epoch {epochs} of {self.epochs}", file=sys.stderr)
        if self._bar:
            self._bar.update(self.done)

    def step(self, photos: int, losses: dict[str, Tensor]) -> None:
        """Count a step; a plain line at most every 30 seconds."""
        if self._first_step is None:
            self._first_step = self.done
        self.photos += photos
        self.done += 1
        now = time.monotonic()
        if self._bar:
            self._bar.update()
            if now - self._last > 1:
                self._last = now
                self._bar.set_postfix_str(f"{self.rate():.0f} photos/s, {_numbers(losses)}")
        elif now - self._last > _SECONDS_BETWEEN_LINES:
            self._last = now
            epoch = 1 + (self.done - 1) // self.steps_per_epoch
            step = 1 + (self.done - 1) % self.steps_per_epoch
            self._say(
                f"{self.name}: epoch {epoch}/{self.epochs}, step {step}/{self.steps_per_epoch}, "
                f"{_numbers(losses)}, {self._pace()}"
            )

    def epoch(self, row: dict) -> None:
        """Say how an epoch ended."""
        self.seconds = time.monotonic() - self.start
        self.cores_busy = (time.process_time() - self._cpu_start) / max(self.seconds, 1e-9)
        self._say(
            f"{self.name}: epoch {row['epoch']}/{self.epochs} ({row['phase']}): "
            f"train {_numbers(row['train'])}; val {_numbers(row['val'])}; {self._pace()}"
        )

    def rate(self) -> float:
        """Return photos per second so far, validation included."""
        return self.photos / max(time.monotonic() - self.start, 1e-9)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar:
            self._bar.close()

    def _pace(self) -> str:
        made = self.done - (self._first_step or 0)
        left = (time.monotonic() - self.start) / max(made, 1) * (self.steps - self.done)
        return f"{self.rate():.0f} photos/s, {int(left) // 60} min {int(left) % 60:02d} s left"

    def _say(self, line: str) -> None:
        if self._bar:
            self._bar.write(line, file=sys.stderr)
        else:
            print(line, file=sys.stderr, flush=True)


def _numbers(losses: dict) -> str:
    return " ".join(f"{name} {float(value):.4g}" for name, value in losses.items())
