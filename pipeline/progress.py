"""Progress that people can watch on a terminal and read in a log."""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

_SECONDS_BETWEEN_LINES = 15.0


def progress(
    iterable: Iterable[Item], *, total: int | None = None, desc: str, unit: str = "it"
) -> Iterator[Item]:
    """Yield the items of `iterable` and show how many are done, the rate and the time left.

    A bar on a terminal; elsewhere a plain line at most every 15 seconds and one at the end.
    """
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    if sys.stderr.isatty():
        yield from tqdm(iterable, total=total, desc=desc, unit=unit, dynamic_ncols=True)
        return
    start = last = time.monotonic()
    done = 0
    for done, item in enumerate(iterable, 1):
        yield item
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            print(progress_line(desc, done, total, last - start, unit), file=sys.stderr, flush=True)
    print(progress_line(desc, done, total, time.monotonic() - start, unit), file=sys.stderr)


def progress_line(desc: str, done: int, total: int | None, seconds: float, unit: str) -> str:
    """Return one plain line: `desc: 20/80 photos, 10.0 photos/s, 6 s left`."""
    rate = done / max(seconds, 1e-9)
    of_total = f"/{total}" if total else ""
    left = f", {(total - done) / rate:.0f} s left" if total and done and done < total else ""
    return f"{desc}: {done}{of_total} {unit}, {rate:.1f} {unit}/s{left}"
