"""What precision, cuDNN's search and `torch.compile` do to a step of `ssd_fpn`."""

import math
from itertools import repeat

import torch

from benchmarks.gpu.results import Results, Row
from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import in_turn, seconds_of
from benchmarks.gpu.trainee import Trainee, trainee

RUNG = "ssd_fpn"
OURS = "bfloat16, as in training"
# Compiling comes last, as it may take minutes.
CHOICES: tuple[tuple[str, dict[str, object]], ...] = (
    (OURS, {}),
    ("float32, TF32 in convolutions", {"precision": "float32"}),  # as torch has it by default
    ("cudnn.benchmark", {}),
    ("torch.compile", {"compile": True}),
)


def measure(results: Results, size: Size, seconds: float) -> None:
    """Add a row for each choice: the first step, the steps after it, and when it pays."""
    mine = trainee(RUNG)
    mine.learner().step(mine.first_batch())  # CUDA loads its kernels once in a process
    ours: Row = {}
    for name, changes in CHOICES:
        torch.backends.cudnn.benchmark = name == "cudnn.benchmark"
        first, step = first_and_step(mine, size, changes)
        row = {"choice": name, "first_s": round(first, 3), "step_ms": round(1000 * step, 3)}
        ours = ours or row
        results.add("choices", row | {"pays_after_epochs": pays_after(row, ours, len(mine.train))})


def first_and_step(mine: Trainee, size: Size, changes: dict[str, object]) -> tuple[float, float]:
    """Return the seconds of the first step on one batch, and of a step after it."""
    learner, still = mine.learner(**changes), mine.first_batch()
    first = seconds_of(lambda: learner.step(still))
    learner.step(still)

    def steps() -> None:
        for batch in repeat(still, size.steps):
            learner.step(batch)

    [taken] = in_turn(size.rounds, steps)
    return first, taken / size.steps


def pays_after(row: Row, ours: Row, steps_per_epoch: int) -> int | None:
    """Return after how many epochs a slow first step has paid; None where it never does.

    >>> ours = {"first_s": 1.0, "step_ms": 50.0}
    >>> pays_after({"first_s": 41.0, "step_ms": 30.0}, ours, steps_per_epoch=100)
    20
    """
    saved = (float(ours["step_ms"]) - float(row["step_ms"])) / 1000 * steps_per_epoch
    more = float(row["first_s"]) - float(ours["first_s"])
    return math.ceil(max(0.0, more) / saved) if saved > 0 else None
