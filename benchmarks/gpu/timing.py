"""Clocks that wait for the GPU: without that they would time how fast work is handed to it."""

import time
from collections.abc import Callable
from statistics import median

import torch


class Stopwatch:
    """Runs from its making."""

    def __init__(self) -> None:
        wait_for_device()
        self._start = time.perf_counter()

    def seconds(self) -> float:
        """Return the seconds so far, when the device has done what it was given."""
        wait_for_device()
        return time.perf_counter() - self._start


def wait_for_device() -> None:
    """Return when the GPU has nothing left to do; a CPU is never behind."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def seconds_of(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes once."""
    watch = Stopwatch()
    work()
    return watch.seconds()


def in_turn(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Return the median seconds of each, taken in turn so that a busy moment hits all alike."""
    taken = [[seconds_of(work) for work in works] for _ in range(rounds)]
    return [median(column) for column in zip(*taken, strict=True)]
