"""The moving average by hand, and against torch's `AveragedModel`."""

import copy

import pytest
import torch
from timm.utils.model_ema import ModelEmaV3
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pipeline.train.averaging import average_of, update_average


def model_of(value: float) -> nn.Module:
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(model[0].weight, value)
    return model


def weight(average: ModelEmaV3) -> float:
    return average.module[0].weight.item()


def update(average: ModelEmaV3, *values: float, steps: int = 0) -> None:
    for step, value in enumerate(values, steps):
        update_average(average, model_of(value), step)


def test_early_on_the_average_is_short():
    average = average_of(model_of(20.0), 0.9)
    update(average, 1.0, 12.0, 0.0)
    first = 20 / 10 + 1 * 9 / 10
    second = first * 2 / 11 + 12 * 9 / 11
    assert weight(average) == pytest.approx(second * 3 / 12)


def test_what_was_there_before_training_is_soon_forgotten():
    average = average_of(model_of(1e3), 0.99)
    update(average, *[3.0] * 30)
    assert weight(average) == pytest.approx(3.0, abs=1e-3)


def test_decay_is_the_longest_average():
    average = average_of(model_of(0.0), 0.05)
    update(average, 1.0, 3.0)
    assert weight(average) == pytest.approx(1 * 0.95 * 0.05 + 3 * 0.95)


def test_counts_are_copied_and_statistics_averaged():
    model = model_of(1.0)
    average = average_of(model, 0.05)
    model[1].num_batches_tracked += 7
    model[1].running_mean += 1
    update_average(average, model, 3)
    assert average.module[1].num_batches_tracked == 7
    assert average.module[1].running_mean.item() == pytest.approx(0.95)


def test_the_model_itself_is_left_alone():
    model = model_of(2.0)
    before = copy.deepcopy(model.state_dict())
    average = average_of(model, 0.9)
    update(average, 1.0)
    update_average(average, model, 1)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_late_it_is_torchs_average():
    ours = average_of(model_of(4.0), 0.9)
    theirs = AveragedModel(model_of(4.0), multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
    theirs.update_parameters(model_of(4.0))
    for value in (1.0, 2.0, -3.0):
        update(ours, value, steps=1000)
        theirs.update_parameters(model_of(value))
    assert weight(ours) == pytest.approx(theirs.module[0].weight.item())
