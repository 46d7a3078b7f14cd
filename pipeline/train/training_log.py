"""Shows the progress of a training: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Mapping

from torch import Tensor
from tqdm import tqdm

from pipeline.train.follower import Follower
from pipeline.train.history import EpochRow

_SECONDS_BETWEEN_LINES = 30.0


class TrainingWatch:
    """Shows epoch, photos per second, losses and time left; counts photos and seconds.

    Args:
        name: of the rung.
        epochs: of all phases together.
        steps_per_epoch: batches in an epoch.
        follower: also receives each epoch.
        shown: False prints nothing; in distributed training only rank 0 does.

    Attributes:
        photos: how many were trained on so far, including earlier runs of this training.
    """

    def __init__(
        self,
        name: str,
        epochs: int,
        steps_per_epoch: int,
        follower: Follower | None = None,
        shown: bool = True,
    ):
        self.name = name
        self.epochs = epochs
        self.steps = epochs * steps_per_epoch
        self.steps_per_epoch = steps_per_epoch
        self.follower = follower
        self.shown = shown
        self.photos = self._photos_before = 0
        self._done = self._done_before = 0
        self._seconds_before = 0.0
        self._start = self._last = time.monotonic()
        self._bar = None
        if shown and sys.stderr.isatty():
            self._bar = tqdm(total=self.steps, desc=name, unit="step", dynamic_ncols=True)

    def resume(self, epochs: int, seconds: float, photos: int) -> None:
        """Count what an earlier run of this training has done."""
        self._done = self._done_before = epochs * self.steps_per_epoch
        self._seconds_before = seconds
        self.photos = self._photos_before = photos
        self._say(f"{self.name}: resuming after epoch {epochs} of {self.epochs}")
        if self._bar:
            self._bar.update(self._done)

    def step(self, photos: int, losses: Mapping[str, Tensor]) -> None:
        """Count a step; print a plain line at most every 30 seconds."""
        self.photos += photos
        self._done += 1
        now = time.monotonic()
        if self._bar:
            self._bar.update()
            if now - self._last > 1:
                self._last = now
                self._bar.set_postfix_str(f"{self._rate_now():.0f} photos/s, {_numbers(losses)}")
        elif now - self._last > _SECONDS_BETWEEN_LINES:
            self._last = now
            epoch = 1 + (self._done - 1) // self.steps_per_epoch
            step = 1 + (self._done - 1) % self.steps_per_epoch
            self._say(
                f"{self.name}: epoch {epoch}/{self.epochs}, step {step}/{self.steps_per_epoch}, "
                f"{_numbers(losses)}, {self._pace()}"
            )

    def epoch(self, row: EpochRow) -> None:
        """Report the losses of an epoch."""
        self._say(
            f"{self.name}: epoch {row['epoch']}/{self.epochs} ({row['phase']}): "
            f"train {_numbers(row['train'])}; val {_numbers(row['val'])}; {self._pace()}"
        )
        if self.follower:
            self.follower.epoch(row, self.seconds_left())

    def seconds(self) -> float:
        """Return how long the training has taken so far, validation included."""
        return self._seconds_before + time.monotonic() - self._start

    def seconds_left(self) -> float:
        """Return the estimated time until the training ends, from the pace so far."""
        made = max(self._done - self._done_before, 1)
        return (time.monotonic() - self._start) / made * (self.steps - self._done)

    def rate(self) -> float:
        """Return photos per second of all runs of this training, validation included."""
        return self.photos / max(self.seconds(), 1e-9)

    def close(self) -> None:
        """Close the bar and tell the follower that the last epoch is over."""
        if self._bar:
            self._bar.close()
        if self.follower:
            self.follower.finish()

    def _rate_now(self) -> float:
        """Return photos per second of this run: an earlier one may have had a busier machine."""
        seconds = time.monotonic() - self._start
        return (self.photos - self._photos_before) / max(seconds, 1e-9)

    def _pace(self) -> str:
        """Return this run's rate and the time left; after the last step, those of all runs."""
        ended = self._done == self.steps
        rate = self.rate() if ended else self._rate_now()
        seconds = int(self.seconds() if ended else self.seconds_left())
        words = f"{seconds // 60} min {seconds % 60:02d} s{'' if ended else ' left'}"
        return f"{rate:.0f} photos/s, {words}"

    def _say(self, line: str) -> None:
        if self._bar:
            self._bar.write(line, file=sys.stderr)
        elif self.shown:
            print(line, file=sys.stderr, flush=True)


def _numbers(losses: Mapping[str, Tensor] | Mapping[str, float]) -> str:
    """Return the losses as text, leaving out a part that equals `loss`."""
    words = {name: f"{float(value):.4g}" for name, value in losses.items()}
    return " ".join(
        f"{name} {word}"
        for name, word in words.items()
        if name == "loss" or word != words.get("loss")
    )
