"""What people see of a training, with a clock that the test sets."""

import sys
from types import SimpleNamespace

import pytest
import torch

from pipeline.train.training_log import TrainingWatch

LOSSES = {"loss": torch.tensor(1.23456), "l1_px": torch.tensor(20.0)}
ROW = {"epoch": 1, "phase": "head", "train": {"loss": 2.0}, "val": {"loss": 1.5}}


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    time = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr("pipeline.train.training_log.time", time)
    return clock


@pytest.fixture
def watch_on_terminal(clock, monkeypatch):
    def build(*args: int) -> TrainingWatch:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        return TrainingWatch("bbox", *args)

    return build


def test_a_plain_line_for_each_epoch(clock, capsys):
    watch = TrainingWatch("bbox", epochs=3, steps_per_epoch=2)
    for _ in range(2):
        clock.now += 5
        watch.step(32, LOSSES)
    watch.epoch(ROW)
    watch.close()
    shown = capsys.readouterr()
    # 64 photos in 10 s; four of six steps are left, at 5 s each.
    assert shown.err == (
        "bbox: epoch 1/3 (head): train loss 2; val loss 1.5; 6 photos/s, 0 min 20 s left\n"
    )
    assert shown.out == ""
    assert watch.seconds() == 10
    assert watch.rate() == 6.4


def test_a_plain_line_between_epochs_every_half_minute(clock, capsys):
    watch = TrainingWatch("bbox", epochs=2, steps_per_epoch=30)
    for _ in range(35):
        clock.now += 2
        watch.step(10, LOSSES)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2  # at 32 and 64 s
    assert lines[0] == (
        "bbox: epoch 1/2, step 16/30, loss 1.235 l1_px 20, 5 photos/s, 1 min 28 s left"
    )
    assert lines[1].startswith("bbox: epoch 2/2, step 2/30, ")


def test_a_resumed_training_says_so_and_counts_the_rest(clock, capsys):
    watch = TrainingWatch("bbox", epochs=4, steps_per_epoch=2)
    watch.resume(3, seconds=92.0, photos=84)
    assert capsys.readouterr().err == "bbox: resuming after epoch 3 of 4\n"
    clock.now += 8
    watch.step(16, LOSSES)
    watch.epoch(ROW | {"epoch": 4})
    shown = capsys.readouterr().err
    # This run's 16 photos in 8 s; one step is left.
    assert shown.endswith("; 2 photos/s, 0 min 08 s left\n")
    assert (watch.seconds(), watch.photos, watch.rate()) == (100, 100, 1)


def test_the_last_epoch_ends_with_the_time_that_all_took(clock, capsys):
    watch = TrainingWatch("bbox", epochs=4, steps_per_epoch=2)
    watch.resume(3, seconds=42.0, photos=84)
    for _ in range(2):
        clock.now += 20
        watch.step(16, LOSSES)
    watch.epoch(ROW | {"epoch": 4})
    assert capsys.readouterr().err.endswith("; 1 photos/s, 1 min 22 s\n")


def test_a_part_that_is_all_of_the_loss_is_not_said_twice(capsys):
    watch = TrainingWatch("bbox", epochs=1, steps_per_epoch=1)
    watch.epoch(ROW | {"train": {"loss": 2.0, "l1_px": 2.0}, "val": {"loss": 2.0, "l1_px": 1.0}})
    assert "train loss 2; val loss 2 l1_px 1; " in capsys.readouterr().err


def test_a_bar_on_a_terminal(clock, watch_on_terminal, capsys):
    watch = watch_on_terminal(2, 2)
    watch.step(32, LOSSES)
    clock.now += 2
    watch.step(32, LOSSES)
    watch.epoch(ROW)
    watch.close()
    shown = capsys.readouterr().err
    assert "bbox:  50%|" in shown and "2/4 [" in shown
    assert "32 photos/s, loss 1.235 l1_px 20]" in shown
    assert "bbox: epoch 1/2 (head): train loss 2; val loss 1.5; 32 photos/s" in shown


def test_the_bar_of_a_resumed_training_begins_where_it_was(watch_on_terminal, capsys):
    watch = watch_on_terminal(4, 5)
    watch.resume(2, seconds=1.0, photos=10)
    watch.close()
    shown = capsys.readouterr().err
    assert "bbox: resuming after epoch 2 of 4" in shown
    assert "10/20 [" in shown


def test_no_bar_elsewhere(clock, capsys):
    watch = TrainingWatch("bbox", epochs=1, steps_per_epoch=1)
    watch.step(32, LOSSES)
    watch.close()
    assert capsys.readouterr().err == ""
