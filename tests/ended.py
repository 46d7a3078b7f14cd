"""Waits for the end of processes, also where nobody waits for orphans, as in a bare container."""

import time
from collections.abc import Iterable

from pipeline.processes import is_running


def left_after(seconds: float, processes: Iterable[int]) -> list[int]:
    """Return those of these processes that still run after so many seconds; sooner if none does."""
    deadline = time.monotonic() + seconds
    left = list(filter(is_running, processes))
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = list(filter(is_running, left))
    return left
