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
    """Yield the items of `iterable`, showing how many are done, the rate and the time left.

    On a terminal it is a bar; elsewhere a plain line at most every 15 seconds and one at the end.

    Args:
        iterable: the work to do now.
        total: number of units, including `before`; by default from the length of `iterable`.
        desc: what is being done.
        unit: what is counted, in the plural.
        before: how many were done earlier; they count as done but not towards the rate.
        count: returns how many units an item is.
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
    """Announce a long step that has no progress to show."""
    print(step, file=sys.stderr, flush=True)


def progress_line(
    desc: str, done: int, total: int | None, seconds: float, unit: str, before: int = 0
) -> str:
    """Return one plain line: `desc: 20/80 photos, 10.0 photos/s, 6 s left`.

    Of `done`, `before` were done earlier and took none of the seconds.
    """
    rate = (done - before) / max(seconds, 1e-9)
    of_total = f"/{total}" if total else ""
    left = f", {(total - done) / rate:.0f} s left" if total and before < done < total else ""
    return f"{desc}: {done}{of_total} {unit}, {rate:.1f} {unit}/s{left}"
