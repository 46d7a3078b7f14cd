"""`python -m tests.faults.repro_kills`: stop `dvc repro` at random moments, again and again.

Every round starts a tiny ladder from nothing. A signal (KILL, TERM, INT) goes to DVC, to its stage,
to all of them or, as when DVC is killed while it writes, `dvc.lock` loses its end. Everything must
be over within seconds, and what follows must end with the outputs of a run that nobody disturbed.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.tracking.dvc_lock import read_lock
from tests.conftest import ROOT
from tests.ended import left_after
from tests.tiny_ladder import Project, make_tiny

WHOM = ("DVC", "the stage", "all", "dvc.lock")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_KILLS = 3  # at most, in a round
_SECONDS_TO_END = 60  # on a machine that is busy with other work
_TARGETS = ("evaluate@bbox",)


@dataclass(frozen=True)
class Kill:
    """What is stopped and how, so many seconds after so many stages have begun."""

    stages: int
    seconds: float
    whom: str
    number: signal.Signals

    def __str__(self) -> str:
        return f"{self.number.name} to {self.whom} {self.seconds:.1f} s after stage {self.stages}"


def log_of(project: Project) -> Path:
    """Return where the last run of a project has written what it prints."""
    return project.folder.parent / "log"


def start(project: Project, targets: Sequence[str]) -> subprocess.Popen:
    """Do what `make repro` does; return DVC's process, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "commands.main", "repro", *targets],
        cwd=project.folder,
        env=project.environment,
        stdin=subprocess.DEVNULL,
        stdout=log_of(project).open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def begun(log: Path) -> int:
    """Return how many stages the run has begun that writes this log."""
    return log.read_text(errors="replace").count("Running stage")


def clean_run(project: Project, targets: Sequence[str]) -> float:
    """Run to the end, and return the seconds that it took."""
    begin = time.monotonic()
    code = start(project, targets).wait()
    if code:
        log = log_of(project).read_text()
        raise SystemExit(f"a run that nobody disturbed ended with {code}:\n{log[-4000:]}")
    return time.monotonic() - begin


def stop(dvc: subprocess.Popen, log: Path, kill: Kill) -> tuple[float | None, str]:
    """Send the signal; return the seconds until all were gone and what was at work.

    None instead of the seconds where the run went on.
    """
    while begun(log) < kill.stages and dvc.poll() is None:
        time.sleep(0.02)
    try:
        dvc.wait(kill.seconds)
        return None, "the end"
    except subprocess.TimeoutExpired:
        whole = [psutil.Process(dvc.pid)]
    below = whole[0].children(recursive=True)
    stage = [process for process in below if _stage_of(process)]
    at_work = _stage_of(stage[0]) if stage else "DVC"
    chosen = {"the stage": stage, "all": [*whole, *below]}.get(kill.whom) or whole
    begin = time.monotonic()
    for process in chosen:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(kill.number)
    try:
        dvc.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        # DVC ignores SIGINT while a stage runs, and goes on after a stage that had just ended.
        if kill.number != signal.SIGINT and chosen != stage:
            raise SystemExit(f"{kill}: DVC still there after {_SECONDS_TO_END} s") from None
        dvc.wait()
        return None, at_work
    if left := left_after(_SECONDS_TO_END, [process.pid for process in below]):
        commands = [psutil.Process(process).cmdline() for process in left]
        raise SystemExit(f"{kill}: still there after {_SECONDS_TO_END} s: {commands}")
    return (time.monotonic() - begin if dvc.returncode else None), at_work


def _stage_of(process: psutil.Process) -> str:
    """Return the module that a process runs, "" for one that is no stage."""
    with suppress(psutil.Error):
        return next((word for word in process.cmdline() if word.startswith("stages.")), "")
    return ""


def cut(lock: Path, share: float) -> None:
    """Leave a share of the lock file, as a kill while DVC writes it does."""
    if lock.exists():
        text = lock.read_bytes()
        lock.write_bytes(text[: int(len(text) * share)])


def outputs(project: Project) -> dict[str, str | None]:
    """Return the digest of every output by its path, but for how long trainings took."""
    lock = read_lock(project.folder / "dvc.lock")
    outs = (out for entry in lock.values() for out in entry.outs)
    return {out.path: out.md5 for out in outs if not out.path.startswith("training/")}


def play(
    folder: Path, rounds: int, targets: Sequence[str], seed: int = 0
) -> list[tuple[int, float, list[str]]]:
    """Return for each round the kills, the longest end in seconds, and outputs that differ."""
    # What a shell starts in the background ignores SIGINT, and so would all that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    choose = random.Random(seed)
    folder.mkdir(exist_ok=True)
    (folder / "start").mkdir()
    template = Project(folder / "start")
    make_tiny(template)
    template.environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"  # for `commands`
    shutil.copytree(template.folder, folder / "fresh")
    seconds = clean_run(template, targets)
    clean, stages = outputs(template), begun(log_of(template))
    print(f"a clean run: {seconds:.1f} s, {stages} stages, {len(clean)} outputs", flush=True)
    results = []
    for number in range(1, rounds + 1):
        shutil.rmtree(template.folder)
        shutil.copytree(folder / "fresh", template.folder)
        # What goes on begins fewer stages.
        kills = [
            Kill(
                choose.randint(0, stages if first else 1),
                choose.uniform(0, seconds / stages),
                choose.choice(WHOM),
                choose.choice(SIGNALS),
            )
            for first in (True, False, False)[: choose.randint(1, _KILLS)]
        ]
        ends, told = [], []
        for kill in kills:
            ended, at_work = stop(start(template, targets), log_of(template), kill)
            told.append(
                f"{kill} in {at_work}: " + ("went on" if ended is None else f"{ended:.1f} s")
            )
            if ended is not None:
                ends.append(ended)
                if kill.whom == "dvc.lock":
                    cut(template.folder / "dvc.lock", choose.random())
        clean_run(template, targets)
        killed = outputs(template)
        wrong = sorted(path for path in clean | killed if clean.get(path) != killed.get(path))
        verdict = f"differs: {', '.join(wrong[:5])}" if wrong else "the same outputs"
        print(f"round {number}: {'; '.join(told)}; {verdict}", flush=True)
        results.append((len(ends), max(ends, default=0.0), wrong))
    return results


def main() -> None:
    """Play the rounds, a line each, and end with the verdict as exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.repro_kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, metavar="N")
    parser.add_argument("--targets", nargs="*", default=list(_TARGETS), metavar="STAGE")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="repro-kills-") as name:
        results = play(Path(name), options.rounds, options.targets, options.seed)
    failed = sum(bool(wrong) for _, _, wrong in results)
    kills, longest = sum(one[0] for one in results), max(one[1] for one in results)
    print(
        f"{kills} stops in {len(results)} rounds, all gone within {longest:.1f} s: "
        f"{failed} ended otherwise than a clean run"
    )
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
