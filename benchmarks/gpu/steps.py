"""Training steps of each rung in the real loop, beside the same steps on one batch that stays."""

import gc
from itertools import islice

import torch

from benchmarks.gpu.reference import SIDE as REFERENCE_SIDE
from benchmarks.gpu.results import Results, Row
from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import in_turn
from benchmarks.gpu.trainee import Trainee, trainee
from benchmarks.train_step import Silent
from pipeline.files import PARAMS
from pipeline.params.params import load_params
from pipeline.train.loop import train_one_epoch

_WARM_UP = 3


def measure(results: Results, size: Size, seconds: float) -> None:
    """Add a row for each rung, the SSD on a pyramid first, and once more at the peer's side."""
    names = load_params(PARAMS).rung_names
    results.add("steps", rates(trainee(names[-1], REFERENCE_SIDE), size))
    for name in reversed(names):
        results.add("steps", rates(trainee(name), size))


def rates(mine: Trainee, size: Size) -> Row:
    """Return photos per second of the loop and of its step alone, and the GPU's peak memory."""
    forget_peak()
    learner, still = mine.learner(), mine.first_batch()
    steps = min(size.steps, len(mine.train))
    photos = steps * mine.train.batch_size

    def loop() -> None:
        train_one_epoch(learner, islice(mine.train.epoch(1), steps), 1, 1, Silent())

    def alone() -> None:
        for _ in range(steps):
            learner.step(still)

    for batch in islice(mine.train.epoch(0), _WARM_UP):
        learner.step(batch)
    of_loop, of_step = in_turn(size.rounds, loop, alone)
    return {
        "rung": mine.rung.name,
        "side": mine.train.image_size,
        "batch": mine.train.batch_size,
        "photos_per_s": round(photos / of_loop, 1),
        "step_per_s": round(photos / of_step, 1),
        "ratio": round(of_step / of_loop, 3),
        "peak_mb": peak_mb(),
    }


def forget_peak() -> None:
    """Count the GPU's peak memory from here."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak_mb() -> int | None:
    """Return the peak of what torch has had of the GPU's memory; None without one."""
    if not torch.cuda.is_available():
        return None
    return torch.cuda.max_memory_allocated() >> 20
