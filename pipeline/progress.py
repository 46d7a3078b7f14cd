"""Progress that people can watch on a terminal and read in a log."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

_SECONDS_BETWEEN_LINES = 15.0


def progress(
    iterable: Iterable[Item],
    *,
    total: int | None = None,
    desc: str,
    unit: str = "it",
    before: int = 0,
    count: Callable[[Item], int] = lambda _: 1,
) -> Iterator[Item]:
    """Yield the items of `iterable` and show how many are done, the rate and the time left.

    A bar on a terminal; elsewhere a plain line at most every 15 seconds and one at the end.

    Args:
        iterable: what is to be done now.
        total: number of items, those `before` included; by default all that `iterable` has.
        desc: what is being done.
        unit: of the items, in the plural.
        before: so many were done earlier; they count as done, but not for the rate.
        count: so many of `unit` are done with an item.
    """
    if total is None and isinstance(iterable, Sized):
        total = before + len(iterable)
    if sys.stderr.isatty():
        with tqdm(total=total, desc=desc, unit=unit, dynamic_ncols=True, initial=before) as bar:
            for item in iterable:
                yield item
                bar.update(count(item))
        return
    start = last = time.monotonic()

    def tell_count(done: int, seconds: float) -> None:
        tell(progress_line(desc, done, total, seconds, unit, before))

    done = before
    for item in iterable:
        yield item
        done += count(item)
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            tell_count(done, last - start)
    tell_count(done, time.monotonic() - start)


def tell(step: str) -> None:
    """Say which step begins, where one takes long and cannot be counted."""
    print(step, file=sys.stderr, flush=True)


def progress_line(
    desc: str, done: int, total: int | None, seconds: float, unit: str, before: int = 0
) -> str:
    """Return one plain line: `desc: 20/80 photos, 10.0 photos/s, 6 s left`.

    So many of `done` were done `before` and took none of the seconds.
    """
    rate = (done - before) / max(seconds, 1e-9)
    of_total = f"/{total}" if total else ""
    left = f", {(total - done) / rate:.0f} s left" if total and before < done < total else ""
    return f"{desc}: {done}{of_total} {unit}, {rate:.1f} {unit}/s{left}"
