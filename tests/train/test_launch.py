"""Workers are started together and end together."""

import os
import signal
import sys
from collections.abc import Callable

import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from pipeline.errors import InputError
from pipeline.processes import is_running
from pipeline.train import launch
from stages.entry import run_stage
from tests.conftest import ROOT
from tests.ended import left_after
from tests.forked import Started, start

WORKER = """
import os, sys, time
from pipeline.data import ranks
from pipeline.errors import InputError
from stages.entry import run_stage

def main():
    with ranks.joined():
        first = ranks.gather_round_robin([os.getpid()])
        if ranks.is_rank_zero():
            print("pids", *first, flush=True)
        if sys.argv[1] == "refuses" and not ranks.is_rank_zero():
            raise InputError("a.jpg: is broken")
        if sys.argv[1] == "refuse":
            raise InputError("a.jpg: is broken")
        if sys.argv[1] == "wait":
            time.sleep(600)
        ranks.gather_round_robin([0])

run_stage(main)
"""


def _launch(what: str) -> None:
    """Be the launcher of two workers, which do as they are told."""
    run_stage(lambda: sys.exit(launch.launch(2, "worker", [what])))


@pytest.fixture
def launcher(tmp_path, monkeypatch) -> Callable[[str], Started]:
    """Return a function that starts two workers in a process of its own."""
    (tmp_path / "worker.py").write_text(WORKER)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{tmp_path}")
    return lambda what: start(_launch, what)


@pytest.mark.parametrize("what", ["refuses", "refuse"])
@pytest.mark.slow
def test_workers_that_refuse_say_so_in_one_line(launcher, what):
    """Other ends are tested in tests/stages/test_train_together.py: a success, and a kill."""
    launched = launcher(what)
    pids = launched.said.readline().split()[1:]
    assert len(set(pids)) == 2
    assert launched.end() == (1, "error: a.jpg: is broken\n")


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGKILL"])
@pytest.mark.slow
def test_workers_end_with_their_launcher(launcher, number):
    launched = launcher("wait")
    pids = [int(pid) for pid in launched.said.readline().split()[1:]]
    assert len(pids) == 2 and all(map(is_running, pids))
    os.kill(launched.process.pid, getattr(signal, number))
    assert left_after(60, pids) == []
    if number == "SIGKILL":
        assert launched.end() == (-signal.SIGKILL, "")
    else:
        assert launched.end() == (130, "stopped: run the same command again to go on\n")


def _exit_code(monkeypatch, tmp_path, *ends: tuple[int, int]) -> int:
    """Return the exit code after workers have ended, each with a code and so many seconds later."""
    failures = {rank: ProcessFailure(rank, 1, code, "") for rank, (code, _) in enumerate(ends)}
    for rank, (_, later) in enumerate(ends):
        failures[rank].timestamp = 1_000 + later

    def agent(*_):
        raise ChildFailedError("training", failures)

    monkeypatch.setattr(launch, "launch_agent", agent)
    return launch._launched(len(ends), "worker", [], str(tmp_path))


def test_a_worker_that_torchrun_had_to_kill_is_not_the_cause(monkeypatch, tmp_path):
    # It waits for a GPU, and so does not notice that another has ended and torchrun's SIGTERM.
    assert _exit_code(monkeypatch, tmp_path, (-9, 30), (1, 0)) == 1
    assert _exit_code(monkeypatch, tmp_path, (3, 0), (-15, 0), (-9, 10)) == 3
    with pytest.raises(InputError, match=r"^worker 1 of 3 was killed by SIGKILL; run the same"):
        _exit_code(monkeypatch, tmp_path, (-9, 30), (-9, 0), (1, 1))
