"""A process next to the training: it is sent everything, and never waited for."""

import json
import sys
import time
from pathlib import Path

import pytest

from pipeline.train import follower
from pipeline.train.follower import FINISHED, Follower
from pipeline.train.history import EpochRow
from pipeline.train.training_log import TrainingWatch
from tests.train.making import same_weights, train


def row(epoch: int) -> EpochRow:
    return EpochRow(
        epoch=epoch, phase="late", lr=0.1, train={"loss": 1.0}, val={"loss": 2.0}, found=[]
    )


def writes_to(file: Path) -> list[str]:
    script = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"
    return [sys.executable, "-c", script, str(file)]


def text_of(file: Path) -> str:
    """Return what a follower wrote by the time its input ended."""
    end = time.monotonic() + 60
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return file.read_text()


def test_it_hears_each_epoch_and_the_end(tmp_path):
    heard = Follower(writes_to(tmp_path / "heard"))
    heard.epoch(row(1), 1000.0)
    heard.epoch(row(2), 0.0)
    heard.finish()
    *epochs, last = text_of(tmp_path / "heard").splitlines()
    assert [json.loads(line) for line in epochs] == [row(1), row(2)] and last == FINISHED


def test_of_a_training_that_is_stopped_it_hears_no_end(tmp_path):
    heard = Follower(writes_to(tmp_path / "heard"))
    heard.epoch(row(1), 1000.0)
    heard._close()  # as the end of the process does
    assert [json.loads(line) for line in text_of(tmp_path / "heard").splitlines()] == [row(1)]


def test_nobody_follows_what_is_nearly_over(tmp_path):
    heard = Follower(writes_to(tmp_path / "heard"))
    heard.epoch(row(1), 1.0)
    heard.finish()
    assert heard._process is None and not list(tmp_path.iterdir())


DEAF = ["import time; time.sleep(600)", "raise SystemExit(3)"]


@pytest.mark.parametrize("script", DEAF, ids=["hangs", "dies"])
def test_one_that_does_not_listen_is_left_alone(script):
    deaf = Follower([sys.executable, "-c", script])
    for epoch in range(2000):  # more than a pipe holds
        deaf.epoch(row(epoch), 1000.0)
    assert deaf._process and deaf._pipe is None
    deaf.finish()
    deaf._process.kill()
    deaf._process.wait()


@pytest.mark.parametrize("script", [*DEAF, "import sys; sys.stdin.read()"])
def test_the_training_is_the_same_bit_for_bit(tmp_path, monkeypatch, script):
    alone, history = train(tmp_path / "a.pt", watch=TrainingWatch("tiny", 5, 2))
    monkeypatch.setattr(follower, "_WORTH_SECONDS", -1.0)
    beside = Follower([sys.executable, "-c", script])
    watched, told = train(tmp_path / "b.pt", watch=TrainingWatch("tiny", 5, 2, beside))
    assert same_weights(alone, watched) and history == told
    assert beside._process
    beside._process.kill()
    beside._process.wait()


def test_a_command_that_cannot_be_started():
    nobody = Follower(["/nowhere/at/all"])
    nobody.epoch(row(1), 1000.0)
    nobody.epoch(row(2), 1000.0)
    nobody.finish()
    assert nobody._process is None
