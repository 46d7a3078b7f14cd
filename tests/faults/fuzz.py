"""`python -m tests.faults.fuzz --inputs N --seed S`: spoiled inputs of every kind, and what came.

Each input is a sound one with a change that follows from its kind, its number and the seed. It is
read in a child process with a limit on memory and time. The one line of an `InputError` is what
may come of it; a traceback, a message of several lines, a crash, or going over a limit may not, and
leaves the input in a folder.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import random
import re
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.errors import InputError
from tests.faults.kinds import KINDS, Kind, in_folder, spoil

MOST_SECONDS = 10.0  # of the processor's time, for one input
MOST_BYTES = 2 * 2**30  # that the process holds
_WALL_SECONDS = 120.0  # after which one that does not answer is ended, on a machine that is busy
_BEGIN_SECONDS = 1200.0  # for the sound inputs, models exported to three formats among them
_PROGRESS_SECONDS = 30.0


@dataclass
class Tally:
    """What came of the inputs of one kind."""

    kind: str
    inputs: int = 0
    declared: int = 0
    accepted: int = 0
    slowest: float = 0.0
    peak: int = 0
    undeclared: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What came of one input: `error` is "" where it was accepted or refused as declared."""

    number: int
    declared: bool
    error: str
    seconds: float
    peak: int


def outcomes(
    kind: Kind, numbers: Sequence[int], seed: int, most_bytes: int = MOST_BYTES
) -> Iterator[Outcome]:
    """Yield what comes of inputs of a kind, in this process; its current folder changes.

    Args:
        kind: of input.
        numbers: of the inputs.
        seed: equal ones give equal inputs.
        most_bytes: that this process may have taken at any time, before it came here included.
    """
    declared = (*kind.declared, *_refused(kind))
    with tempfile.TemporaryDirectory(prefix="ladder-fuzz-", dir=_fast_folder()) as name:
        folder = Path(name)
        in_folder(folder)
        files = kind.make(folder)
        kind.read(folder, files[0])  # imports, and whether the sound input is read at all
        for number in numbers:
            file, content = spoil(kind, files, random.Random(f"{seed} {kind.name} {number}"))
            sound = file.read_bytes()
            file.write_bytes(content)
            begun = time.process_time()
            error, was_declared = _read(kind, folder, file, declared)
            seconds = time.process_time() - begun
            peak = peak_bytes()
            if not error and seconds > MOST_SECONDS:
                error = f"took {seconds:.0f} s"
            if not error and peak > most_bytes:
                error = f"took {peak / 2**30:.1f} GiB"
            if error:
                _keep(kind, number, file, content, error)
            file.write_bytes(sound)
            yield Outcome(number, was_declared, error, seconds, peak)


def _read(
    kind: Kind, folder: Path, file: Path, declared: tuple[type[Exception], ...]
) -> tuple[str, bool]:
    """Return the undeclared error of reading a file, "" for none, and whether it was refused."""
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stderr(quiet), contextlib.redirect_stdout(quiet):
            kind.read(folder, file)
    except declared as error:
        # What an InputError has below its line are arguments of their own.
        lines = error.args if isinstance(error, InputError) else (error,)
        several = any("\n" in str(line) for line in lines) and not isinstance(error, OSError)
        return (f"several lines: {error}" if several else ""), True
    except Exception:
        return traceback.format_exc(limit=-3), False
    return "", False


def _refused(kind: Kind) -> tuple[type[Exception], ...]:
    from tests.faults import kinds

    return kinds._refusals() if kind.name == "HTTP bodies" else ()


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def peak_bytes() -> int:
    """Return the most memory that this process has had at any time, on Linux.

    Not `ru_maxrss`, which a child process has from the one that started it.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def _keep(kind: Kind, number: int, file: Path, content: bytes, error: str) -> None:
    """Write an input that has failed, and how, where it can be tried again."""
    if place := os.environ.get("FUZZ_KEPT"):
        name = re.sub(r"\W+", "-", kind.name)
        folder = Path(place) / f"{name}-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file.name).write_bytes(content)
        (folder / "error.txt").write_text(error)


def _work(kind_name: str, numbers: Sequence[int], seed: int, sent: Connection) -> None:
    """Send what comes of inputs, from a process that cannot take the machine's memory."""
    warnings.simplefilter("ignore")
    kind = next(kind for kind in KINDS if kind.name == kind_name)
    limited = False
    for outcome in outcomes(kind, numbers, seed):
        sent.send(outcome)
        if not limited:
            held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (held + 2 * MOST_BYTES, -1))
            limited = True
    sent.close()


def fuzz(kind: Kind, inputs: int, seed: int, first: int = 0) -> Tally:
    """Return what came of so many inputs of a kind, read in child processes."""
    tally = Tally(kind.name)
    start = multiprocessing.get_context("spawn")
    said = time.monotonic()
    upcoming, end = first, first + inputs
    while upcoming < end:
        received, sent = start.Pipe(duplex=False)
        numbers = range(upcoming, end)
        child = start.Process(target=_work, args=(kind.name, numbers, seed, sent), daemon=True)
        child.start()
        sent.close()
        begun = False
        while upcoming < end:
            outcome = _next(received, _WALL_SECONDS if begun else _BEGIN_SECONDS)
            begun = True
            if outcome is None:
                child.join(1)
                break
            _count(tally, outcome)
            upcoming = outcome.number + 1
            if time.monotonic() - said > _PROGRESS_SECONDS:
                said = time.monotonic()
                print(f"{kind.name}: {tally.inputs} of {inputs}", file=sys.stderr, flush=True)
        if upcoming < end:
            child.kill()
        child.join()
        if child.exitcode == 1:  # an error of the fuzzer itself
            raise SystemExit(f"{kind.name}: the sound input is not read")
        if upcoming < end:
            tally.undeclared.append(f"input {upcoming}: the process ended with {child.exitcode}")
            tally.inputs += 1
            upcoming += 1
    return tally


def _next(received: Connection, seconds: float) -> Outcome | None:
    try:
        return received.recv() if received.poll(seconds) else None
    except EOFError:
        return None


def _count(tally: Tally, outcome: Outcome) -> None:
    tally.inputs += 1
    tally.slowest = max(tally.slowest, outcome.seconds)
    tally.peak = max(tally.peak, outcome.peak)
    if outcome.error:
        tally.undeclared.append(f"input {outcome.number}: {outcome.error.strip().splitlines()[-1]}")
    elif outcome.declared:
        tally.declared += 1
    else:
        tally.accepted += 1


def table(tallies: Sequence[Tally]) -> str:
    """Return the results as a table of Markdown."""
    lines = [
        "| kind | inputs | one line | accepted | slowest, s | peak, GB | undeclared |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one.kind} | {one.inputs:,} | {one.declared:,} | {one.accepted:,} | {one.slowest:.2f} "
        f"| {one.peak / 1e9:.2f} | {len(one.undeclared)} |"
        for one in tallies
    ]
    total = [
        sum(each)
        for each in zip(*((t.inputs, t.declared, t.accepted) for t in tallies), strict=True)
    ]
    undeclared = sum(len(one.undeclared) for one in tallies)
    slowest, peak = max(one.slowest for one in tallies), max(one.peak for one in tallies) / 1e9
    numbers = " | ".join(f"{number:,}" for number in total)
    return "\n".join([*lines, f"| all | {numbers} | {slowest:.2f} | {peak:.2f} | {undeclared} |"])


def main() -> None:
    """Read spoiled inputs of all kinds, and end with the table and an exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1000, metavar="N", help="of each kind")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--kind", action="append", metavar="WORD", help="only kinds with this word")
    parser.add_argument("--kept", type=Path, default=Path("fuzz-kept"), metavar="FOLDER")
    options = parser.parse_args()
    os.environ["FUZZ_KEPT"] = str(options.kept.absolute())
    words = options.kind or [""]
    chosen = [kind for kind in KINDS if any(word in kind.name for word in words)]
    tallies = []
    for kind in chosen:
        tallies.append(fuzz(kind, options.inputs, options.seed, options.first))
        for error in tallies[-1].undeclared[:20]:
            print(f"{kind.name}: {error}", flush=True)
        print(table(tallies[-1:]).splitlines()[2], flush=True)
    print(table(tallies))
    raise SystemExit(1 if any(one.undeclared for one in tallies) else 0)


if __name__ == "__main__":
    main()
