"""As many epochs of `ssd_fpn` as fit into the time: mAP by minute."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from benchmarks.gpu.results import Results
from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import seconds_of
from benchmarks.gpu.trainee import Trainee, trainee
from benchmarks.train_step import Silent
from pipeline.train.history import EpochRow
from pipeline.train.loop import fit, train_one_epoch, validate
from pipeline.train.schedule import Phase
from pipeline.train.training_log import TrainingWatch
from stages.train import decoder

RUNG = "ssd_fpn"
# The share of the time that is planned for. Checkpoints take some of the rest, and a network that
# has learnt finds boxes to suppress in val, which one with a fresh head does not.
_PLANNED = 0.7


class Curve(TrainingWatch):
    """Adds a row for each epoch as it ends."""

    def __init__(self, epochs: int, steps_per_epoch: int, results: Results):
        super().__init__(RUNG, epochs, steps_per_epoch)
        self.results = results

    def epoch(self, row: EpochRow) -> None:
        """Add the epoch's mAP at its minute."""
        super().epoch(row)
        self.results.add(
            "training",
            {
                "minute": round(self.seconds() / 60, 2),
                "epoch": row["epoch"],
                "of": self.epochs,
                "phase": row["phase"],
                "loss": round(row["train"]["loss"], 4),
                "voc_map_50": round(row["val"]["voc_map_50"], 4),
            },
        )


def measure(results: Results, size: Size, seconds: float) -> None:
    """Train for as many epochs as these seconds allow, by the time that a part of one takes."""
    start = time.perf_counter()
    epoch = seconds_of_epoch(trainee(RUNG), size)
    mine = trainee(RUNG)
    left = seconds - (time.perf_counter() - start)
    phases = shortened(mine.phases(), int(left * _PLANNED / epoch))
    epochs = sum(phase.epochs for phase in phases)
    own = mine.params.rung(RUNG)
    with tempfile.TemporaryDirectory() as folder:
        fit(
            mine.model,
            mine.rung.criterion(mine.model, own),
            phases,
            mine.train,
            mine.val,
            shared=mine.params.train.shared,
            rung=own,
            watch=Curve(epochs, len(mine.train), results),
            checkpoint=Path(folder) / "checkpoint.pt",
            decode=decoder(mine.rung),
        )


def seconds_of_epoch(mine: Trainee, size: Size) -> float:
    """Return about how long an epoch takes, validation included."""
    learner = mine.learner()
    criterion, precision = learner.criterion, mine.params.train.shared.precision

    def part() -> None:
        train_one_epoch(learner, islice(mine.train.epoch(0), size.steps), 1, 0, Silent())

    def validation() -> None:
        validate(mine.model, criterion, mine.val, precision, decoder(mine.rung))

    part()
    steps = min(size.steps, len(mine.train))
    return seconds_of(part) / steps * len(mine.train) + seconds_of(validation)


def shortened(phases: Sequence[Phase], epochs: int) -> list[Phase]:
    """Return the phases with so many epochs at most, at least one; the last is cut first.

    >>> two = [Phase("late", 2, 0.1), Phase("all", 60, 0.1)]
    >>> [(phase.name, phase.epochs) for phase in shortened(two, 10)]
    [('late', 2), ('all', 8)]
    >>> [(phase.name, phase.epochs) for phase in shortened(two, 0)]
    [('late', 1)]
    """
    left, kept = max(1, epochs), []
    for phase in phases:
        taken = min(left, phase.epochs)
        kept += [replace(phase, epochs=taken)] if taken else []
        left -= taken
    return kept
