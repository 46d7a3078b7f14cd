"""The learning-rate finder: on a valley whose floor is known, and on losses that are written."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from pipeline.models.layer_groups import LayerGroups
from pipeline.train.lr_finder import LearningRates, find_learning_rate
from tests.train.making import Photos, Tiny, losses


class Valley(nn.Module):
    """One weight, 0.01 away from the floor of a parabola; no photo changes that."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.01]))

    def forward(self, images):
        return self.weight


def height(outputs, batch):
    return {"loss": outputs.square().sum()}


def written(values):
    """Return losses that follow a list, whatever the model says."""
    left = iter(values)
    return lambda outputs, batch: {"loss": next(left) + 0 * outputs.sum()}


def find(model=None, losses=height, **changes) -> LearningRates:
    model = model or Valley()
    options = {"steps": 60, "lr_divisor": 10, "weight_decay": 0.0, "seed": 7}
    options["precision"] = "float32"
    parameters = {"head": list(model.parameters()), "late": [], "early": []}
    return find_learning_rate(
        model, parameters, "head", losses, Photos(noisy=True), **options | changes
    )


def find_tiny(phase="late", chance=0, **changes) -> LearningRates:
    model = Tiny()
    torch.rand(chance)  # what chance has done before does not matter
    layers = LayerGroups(model)
    layers.thaw(("head", "late"))
    options = {"steps": 20, "lr_divisor": 10, "weight_decay": 0.01, "seed": 7}
    options["precision"] = "float32"
    return find_learning_rate(
        model, layers.parameters, phase, losses, Photos(noisy=True), **options | changes
    )


def test_two_steps_are_the_two_ends_of_the_range():
    found = find(steps=2, losses=written([2.0, 2.0]))
    assert found.rates == pytest.approx([1e-6, 1])
    assert found.losses == pytest.approx([2, 2])


def test_rates_rise_by_one_factor_from_end_to_end():
    found = find(losses=written([2.0] * 13), steps=13)
    assert found.rates == pytest.approx([10 ** (step / 2 - 6) for step in range(13)])


def test_the_model_learns_at_the_rates_that_are_told():
    model = Valley()
    found = find(model, steps=2)
    # Adam's first steps are of the rate itself, downhill.
    assert found.losses[0] == pytest.approx(0.01**2)
    second = (0.9 * 0.01**2 + (0.01 - 1e-6) ** 2) / 1.9
    assert found.losses[1] == pytest.approx(second)
    assert model.weight.item() == pytest.approx(0.01 - 1e-6 - 1, rel=1e-3)


def test_in_a_valley_the_loss_falls_then_diverges_and_the_run_ends_early():
    found = find()
    lowest = found.losses.index(min(found.losses))
    assert len(found.rates) == len(found.losses) < 60
    assert found.losses[lowest] < 0.9 * found.losses[0]
    assert found.losses[-1] > 4 * found.losses[lowest]
    assert all(loss <= 4 * found.losses[lowest] for loss in found.losses[:-1])
    assert found.suggestion < found.rates[lowest]
    falls = [before - after for before, after in pairwise(found.losses[: lowest + 1])]
    assert found.suggestion == found.rates[1 + falls.index(max(falls))]


def test_the_steepest_fall_by_hand():
    found = find(losses=written([4.0, 4.0, 4.0, 1.0, 1.0, 9.0]), steps=6)
    # Means with weights .9, .81, ... into the past: 4 - 3 * .1 / (1 - .9^4), and so on.
    expected = [4, 4, 4, 4 - 0.3 / 0.3439, 4 - 3 * 0.19 / 0.40951]
    assert found.losses[:5] == pytest.approx(expected)
    assert found.suggestion == found.rates[3]


def test_a_steeper_fall_after_the_lowest_point_does_not_count():
    found = find(losses=written([5.0, 4.5, 15.0, 0.0]), steps=4)
    assert found.losses[2] - found.losses[3] > found.losses[0] - found.losses[1] > 0
    assert found.suggestion == found.rates[1]


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 3.0, 3.5], [0.3] * 12, [0.0] * 4, [math.nan] * 4, [math.inf] * 4]
)
def test_where_the_loss_never_falls_nothing_is_suggested(values):
    assert find(losses=written(values), steps=len(values)).suggestion is None


@pytest.mark.parametrize("value", [50.0, math.nan, math.inf])
def test_nothing_is_learnt_from_the_loss_that_ends_the_run(value):
    model = Valley()
    found = find(model, losses=written([2.0, 1.0, value, 1.0]), steps=4)
    assert len(found.losses) == 3
    assert found.suggestion == found.rates[1]
    assert torch.equal(model.weight.detach(), torch.tensor([0.01]))


def test_equal_seeds_give_equal_curves():
    found = find_tiny()
    assert find_tiny(chance=100) == found
    assert find_tiny(seed=8) != found


def test_the_phase_says_who_learns():
    head, late = find_tiny("head"), find_tiny("late")
    assert head.rates == late.rates
    assert head.losses[0] == late.losses[0]
    assert head.losses[10] != late.losses[10]
