"""`ladder repro`: run what is out of date as `dvc repro` does, also several stages at a time.

Examples:
  ladder repro                              by `dvc repro`, one stage after the other
  ladder repro --jobs 2                     two rungs at a time
  ladder repro --gpus 0,1                   one rung on each GPU
  ladder repro --jobs 2 evaluate@ssd_fpn    this stage and what it needs

First a dvc.lock that a kill or a merge has damaged is repaired. If everything is up to date, only
`track` runs, as always, without the time that DVC takes to write down that it has.

With --jobs or --gpus a stage starts when everything it depends on has finished, as `dvc repro
--single-item`. If it fails, the stages that depend on it are not run, the others continue, and the
exit code is 1. In the end dvc.lock is what `dvc repro` would have written. Ctrl-C stops all stages;
the same command resumes.

Each stage gets an equal share of the cores, as OMP_NUM_THREADS, unless that is already set. Weights
are byte for byte those of `dvc repro` with the same OMP_NUM_THREADS. To change parameters, use
`ladder run` first: `ladder run PROFILE --only pixels`, then this.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from commands.options.parser import command_parser, number
from pipeline.errors import InputError
from pipeline.exit_codes import FAILED
from pipeline.repair.lock_file import mend_lock
from pipeline.side_by_side.lock_order import read_order, restore_order
from pipeline.side_by_side.plan import Plan, read_plan
from pipeline.side_by_side.runner import Runner, RunSummary
from pipeline.side_by_side.screen import open_screen
from pipeline.side_by_side.slots import Slot, cpu_slots, gpu_slots
from pipeline.side_by_side.up_to_date import run_if_up_to_date

_LOCK = Path(".ladder/repro.lock")


def main(arguments: Sequence[str]) -> int:
    """Run what is out of date; return 1 if a stage has failed."""
    options = _parse(arguments)
    if not (options.gpus or options.jobs):
        return _one_by_one(options.targets)
    started = time.monotonic()
    slots = gpu_slots(options.gpus) if options.gpus else cpu_slots(options.jobs)
    with _alone():
        mend_lock()
        plan = read_plan(options.targets)
        result = run_plan(plan, slots)
    seconds = time.monotonic() - started
    return _tell(result, len(plan.order) - len(plan.waits_for), seconds)


def _one_by_one(targets: Sequence[str]) -> int:
    """Run `dvc repro` in place of this process, unless only the stages that always run are left."""
    with _alone():
        mend_lock()
        if run_if_up_to_date(targets):
            return 0
    # With --all-pipelines (there is one) DVC reads dvc.yaml and dvc.lock once, otherwise twice.
    words = ["-m", "dvc", "repro", *(targets or ["--all-pipelines"])]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *words])


@contextmanager
def _alone() -> Iterator[None]:
    """Refuse a second `ladder repro`; DVC would advise deleting its lock."""
    _LOCK.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        with FileLock(_LOCK, timeout=0):
            yield
    except Timeout:
        raise InputError("another `ladder repro` is running here; wait for it to finish") from None


def run_plan(plan: Plan, slots: Sequence[Slot]) -> RunSummary:
    """Return the outcome of all stages; the lock file is in order afterwards, even after Ctrl-C."""
    before = read_order()
    with open_screen(list(plan.waits_for)) as screen:
        result = Runner(plan.waits_for, slots, screen).run()
    if result.stopped is not None:
        mend_lock()  # a stage stopped while writing leaves half a file
    restore_order(before, plan.order)
    return result


def _tell(result: RunSummary, up_to_date: int, seconds: float) -> int:
    """Print the outcome, and return the exit code."""
    if result.stopped is not None:
        print("stopped: run the same command again to go on", file=sys.stderr)
        return 128 + result.stopped
    print(f"{len(result.ended)} stages run in {seconds:.0f} s, {up_to_date} were up to date")
    sys.stdout.flush()
    for stage, cause in result.failed.items():
        print(f"error: {stage}: {cause}", file=sys.stderr)
    if result.not_run:
        print(f"not run: {', '.join(result.not_run)}", file=sys.stderr)
    return FAILED if result.failed else 0


def _gpus(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"must be GPUs separated by commas, e.g. 0,1: {text}")
    return names


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = command_parser(__doc__)
    parser.add_argument(
        "targets", metavar="TARGET", nargs="*", help="as for `dvc repro` (default: all stages)"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=number(int, 1), metavar="N", help="so many stages at a time")
    where.add_argument(
        "--gpus",
        type=_gpus,
        metavar="ID,ID",
        help="one stage at a time on each, by CUDA_VISIBLE_DEVICES; name one twice for two stages",
    )
    return parser.parse_args(arguments)
