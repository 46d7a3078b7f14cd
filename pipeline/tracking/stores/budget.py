"""A time limit, so that a slow server costs a bounded time."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SECONDS_BETWEEN = 1.0


class OutOfTime(Exception):
    """A block has taken too long. Not a `TimeoutError`, on which libraries would retry."""


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in the block when the time is up, repeatedly in case it is swallowed.

    It uses a signal, so that it also interrupts a request which the server is slow to answer. Call
    it in the main thread.
    """

    def out_of_time(number: int, frame: FrameType | None) -> NoReturn:
        raise OutOfTime(f"it takes more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, seconds, _SECONDS_BETWEEN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
