"""The learning-rate finder: on a valley whose floor is known, and on curves with a known answer."""

import math

import pytest
import torch
from torch import nn

from pipeline.train.lr_finder import LearningRates, find_learning_rate, suggested_rate
from tests.train.making import Photos, Tiny, losses, params_of

RATES = [10 ** (step / 10 - 6) for step in range(61)]  # ten a decade


class Valley(nn.Module):
    """One weight, 0.01 away from the floor of a parabola; no photo changes that."""

    class Backbone(nn.Module):
        def early_modules(self):
            return []

    def __init__(self):
        super().__init__()
        self.backbone = Valley.Backbone()
        self.weight = nn.Parameter(torch.tensor([0.01]))

    def forward(self, images):
        return {"weight": self.weight}


def height(outputs, batch):
    return {"loss": outputs["weight"].square().sum()}


def written(values):
    """Return losses that follow a list, whatever the model returns."""
    left = iter(values)
    return lambda outputs, batch: {"loss": next(left) + 0 * outputs["weight"].sum()}


def find(model=None, criterion=height, steps=60) -> LearningRates:
    shared, rung = params_of(weight_decay=0.0)
    return find_learning_rate(
        model or Valley(),
        criterion,
        Photos(noisy=True),
        phase_name="head",
        steps=steps,
        shared=shared,
        rung=rung,
    )


def find_tiny(phase="late", chance=0, **changes) -> LearningRates:
    model = Tiny()
    torch.rand(chance)  # what chance has done before does not matter
    shared, rung = params_of(**changes)
    return find_learning_rate(
        model,
        losses,
        Photos(noisy=True),
        phase_name=phase,
        steps=20,
        shared=shared,
        rung=rung,
    )


def smoothed(losses):
    """Return the running mean of the losses, as the finder computes it."""
    mean, means = 0.0, []
    for step, loss in enumerate(losses, 1):
        mean = 0.9 * mean + 0.1 * loss
        means.append(mean / (1 - 0.9**step))
    return means


def suggest(losses):
    return suggested_rate(RATES[: len(losses)], losses, smoothed(losses))


def test_two_steps_are_the_two_ends_of_the_range():
    found = find(steps=2, criterion=written([2.0, 2.0]))
    assert found.rates == pytest.approx([1e-6, 1])
    assert found.losses == found.smoothed == pytest.approx([2, 2])


def test_rates_rise_by_one_factor_from_end_to_end():
    found = find(criterion=written([2.0] * 13), steps=13)
    assert found.rates == pytest.approx([10 ** (step / 2 - 6) for step in range(13)])


def test_the_model_learns_at_the_rates_that_are_told():
    model = Valley()
    found = find(model, steps=2)
    # Adam's first steps are of the rate itself, downhill.
    assert found.losses == pytest.approx([0.01**2, (0.01 - 1e-6) ** 2])
    assert found.smoothed == pytest.approx(smoothed(found.losses))
    assert model.weight.item() == pytest.approx(0.01 - 1e-6 - 1, rel=1e-3)


def test_in_a_valley_the_loss_falls_then_diverges_and_the_run_ends_early():
    found = find()
    lowest = found.smoothed.index(min(found.smoothed))
    assert len(found.rates) == len(found.losses) == len(found.smoothed) < 60
    assert found.smoothed[lowest] < 0.9 * found.smoothed[0]
    assert found.smoothed[-1] > 4 * found.smoothed[lowest]
    assert all(loss <= 4 * found.smoothed[lowest] for loss in found.smoothed[:-1])
    # The floor is 0.01 away: rates that add up to about as much reach it.
    assert 1e-4 < found.suggestion < 1e-2


def test_a_fall_over_one_decade_is_found_in_its_middle():
    falls = [min(max(math.log10(rate) + 4, 0), 1) for rate in RATES]  # from 1e-4 to 1e-3
    losses = [3 - 2 * fall for fall in falls]
    assert suggest(losses) == pytest.approx(10**-3.5)


@pytest.mark.parametrize("seed", range(20))
def test_noise_of_the_first_batches_does_not_win(seed):
    # Flat to 1e-4, then down to a fifth at 1e-2, then up again; batches differ by a tenth.
    noise = torch.randn(61, generator=torch.Generator().manual_seed(seed)).tolist()
    curve = [
        2.3 if rate < 1e-4 else 2.3 - 0.9 * math.log10(rate / 1e-4) if rate < 1e-2 else 9.0
        for rate in RATES
    ]
    losses = [value * (1 + 0.1 * one) for value, one in zip(curve, noise, strict=True)][:45]
    assert 5e-5 < suggest(losses) < 1e-2


def test_a_steeper_fall_after_the_lowest_point_does_not_count():
    losses = [5 - step / 10 for step in range(21)] + [90.0] * 20 + [0.0] * 10
    assert suggest(losses) < RATES[20]


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 3.0, 3.5], [0.3] * 12, [0.0] * 4, [math.nan] * 4, [math.inf] * 4]
)
def test_where_the_loss_never_falls_nothing_is_suggested(values):
    assert find(criterion=written(values), steps=len(values)).suggestion is None


@pytest.mark.parametrize("value", [50.0, math.nan, math.inf])
def test_nothing_is_learnt_from_the_loss_that_ends_the_run(value):
    model = Valley()
    found = find(model, criterion=written([2.0, 1.0, value, 1.0]), steps=4)
    assert len(found.losses) == 3
    assert found.suggestion == pytest.approx(math.sqrt(found.rates[0] * found.rates[1]))
    assert torch.equal(model.weight.detach(), torch.tensor([0.01]))


def test_equal_seeds_give_equal_curves():
    found = find_tiny()
    assert find_tiny(chance=100) == found
    assert find_tiny(seed=8) != found


def test_the_phase_says_who_learns():
    head, late = find_tiny("head"), find_tiny("late")
    assert head.rates == late.rates
    assert head.losses[10] != late.losses[10]
