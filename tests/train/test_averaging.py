"""The running average by hand, and as torch's `AveragedModel` has it."""

import copy

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pipeline.train.averaging import RunningAverage


def model_of(value: float) -> nn.Module:
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(model[0].weight, value)
    return model


def weight(average: RunningAverage) -> float:
    return average.module[0].weight.item()


def test_the_first_step_is_taken_as_it_is():
    average = RunningAverage(model_of(5.0), 0.9)
    average.update(model_of(1.0))
    assert weight(average) == 1.0


def test_early_on_the_mean_is_short():
    average = RunningAverage(model_of(0.0), 0.9)
    for value in (1.0, 12.0, 0.0):
        average.update(model_of(value))
    second = 1 * 2 / 11 + 12 * 9 / 11
    assert weight(average) == pytest.approx(second * 3 / 12)


def test_decay_is_the_longest_mean():
    average = RunningAverage(model_of(0.0), 0.05)
    average.update(model_of(1.0))
    average.update(model_of(3.0))
    assert weight(average) == pytest.approx(1 * 0.05 + 3 * 0.95)


def test_counts_are_copied_and_statistics_averaged():
    model = model_of(1.0)
    average = RunningAverage(model, 0.05)
    average.update(model)
    model[1].num_batches_tracked += 7
    model[1].running_mean += 1
    average.update(model)
    assert average.module[1].num_batches_tracked == 7
    assert average.module[1].running_mean.item() == pytest.approx(0.95)


def test_the_model_itself_is_left_alone():
    model = model_of(2.0)
    before = copy.deepcopy(model.state_dict())
    average = RunningAverage(model, 0.9)
    average.update(model_of(1.0))
    average.update(model)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_late_it_is_torchs_average():
    ours = RunningAverage(model_of(0.0), 0.9)
    theirs = AveragedModel(model_of(0.0), multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    ours.update(model_of(4.0))
    theirs.update_parameters(model_of(4.0))
    ours.steps = 1000
    for value in (1.0, 2.0, -3.0):
        ours.update(model_of(value))
        theirs.update_parameters(model_of(value))
    assert weight(ours) == pytest.approx(theirs.module[0].weight.item())


def test_a_restored_average_goes_on_as_the_first():
    first, second = RunningAverage(model_of(1.0), 0.9), RunningAverage(model_of(9.0), 0.9)
    for value in (2.0, 3.0):
        first.update(model_of(value))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for average in (first, second):
        average.update(model_of(7.0))
    assert weight(first) == weight(second)
