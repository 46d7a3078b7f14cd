"""Workers are started together and end together."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from pipeline.errors import InputError
from pipeline.processes import is_running
from pipeline.train import launch
from tests.conftest import ROOT
from tests.ended import left_after

WORKER = """
import os, signal, sys, time
from pipeline.data import ranks
from pipeline.errors import InputError
from stages.entry import run_stage

def main():
    with ranks.joined():
        first = ranks.gather_round_robin([os.getpid()])
        if ranks.is_rank_zero():
            print("pids", *first, flush=True)
        if sys.argv[1] == "killed" and not ranks.is_rank_zero():
            os.kill(os.getpid(), signal.SIGKILL)
        if sys.argv[1] == "refuses" and not ranks.is_rank_zero():
            raise InputError("a.jpg: is broken")
        if sys.argv[1] == "refuse":
            raise InputError("a.jpg: is broken")
        if sys.argv[1] == "wait":
            time.sleep(600)
        ranks.gather_round_robin([0])

run_stage(main)
"""
LAUNCHER = """
import sys
from pipeline.train.launch import launch
from stages.entry import run_stage

def main():
    raise SystemExit(launch(2, "worker", sys.argv[1:]))

run_stage(main)
"""


@pytest.fixture
def launcher(tmp_path):
    """Return a function that starts two workers, which do as they are told."""
    (tmp_path / "worker.py").write_text(textwrap.dedent(WORKER))
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}

    def start(what: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, what],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment,
        )

    return start


@pytest.mark.parametrize(
    ("what", "code", "says"),
    [
        ("refuses", 1, "error: a.jpg: is broken\n"),
        ("refuse", 1, "error: a.jpg: is broken\n"),
        (
            "killed",
            1,
            "error: worker 1 of 2 was killed by SIGKILL; run the same command again to resume from "
            "the last epoch\n",
        ),
    ],
)
@pytest.mark.slow
def test_how_workers_end(launcher, what, code, says):
    """The successful end is tested in tests/stages/test_train_together.py."""
    launched = launcher(what)
    pids, said = launched.communicate(timeout=300)
    assert (launched.returncode, said) == (code, says)
    assert len(set(pids.split()[1:])) == 2


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGKILL"])
@pytest.mark.slow
def test_workers_end_with_their_launcher(launcher, number):
    launched = launcher("wait")
    pids = [int(pid) for pid in launched.stdout.readline().split()[1:]]
    assert len(pids) == 2 and all(map(is_running, pids))
    launched.send_signal(getattr(signal, number))
    assert left_after(60, pids) == []
    _, said = launched.communicate()
    if number == "SIGKILL":
        assert (launched.returncode, said) == (-signal.SIGKILL, "")
    else:
        stopped = "stopped: run the same command again to go on\n"
        assert (launched.returncode, said) == (130, stopped)


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
