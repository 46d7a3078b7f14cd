"""`python -m benchmarks.step_profile RUNG`: where the time of training steps goes, as a table."""

import argparse

from benchmarks.batches import BATCH, our_batches
from benchmarks.photos import stored
from benchmarks.train_step import PHOTOS, learner

ROWS = 12


def main() -> None:
    """Profile an epoch of the benchmark's photos after a warm-up epoch."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.step_profile", description=main.__doc__
    )
    parser.add_argument("rung", metavar="RUNG", nargs="?", default="ssd_fpn")
    rung = parser.parse_args().rung
    from pipeline.memory import keep_freed_memory

    keep_freed_memory()
    source, mine = our_batches(stored(PHOTOS)), learner(rung, PHOTOS // BATCH)
    _epoch(mine, source)
    print("\n".join(table(_profiled(mine, source))))


def _profiled(mine, source) -> list[tuple[str, float]]:
    """Return every operation's own CPU time in seconds, the longest first."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        _epoch(mine, source)
    found = [(event.key, event.self_cpu_time_total / 1e6) for event in profiler.key_averages()]
    return sorted(found, key=lambda row: -row[1])


def _epoch(mine, source) -> None:
    from torch.profiler import record_function

    batches = source.epoch(0)
    for _ in range(len(source)):
        with record_function("(batch: Python and what is not listed)"):
            batch = next(batches)
        mine.step(batch)


def table(rows: list[tuple[str, float]]) -> list[str]:
    """Return the lines of a Markdown table of the longest operations and their shares."""
    total = sum(seconds for _, seconds in rows)
    lines = ["| operation | share of the time |", "|---|---|"]
    lines += [f"| `{name}` | {seconds / total:.1%} |" for name, seconds in rows[:ROWS]]
    rest = sum(seconds for _, seconds in rows[ROWS:])
    return [*lines, f"| {max(0, len(rows) - ROWS)} others | {rest / total:.1%} |"]


if __name__ == "__main__":
    main()
