"""The learner of a phase: gradient, step, schedule and running average."""

import copy
from dataclasses import replace

import pytest
import torch

from pipeline.models.layer_groups import LayerGroups
from pipeline.train.averaging import RunningAverage
from pipeline.train.learner import Learner
from pipeline.train.schedule import Phase
from tests.train.making import PHASES, RECIPE, Photos, Quiet, Tiny, losses, same_weights, train


def learner_of(model: Tiny, **changes) -> Learner:
    layers, recipe = LayerGroups(model), replace(RECIPE, **changes)
    layers.thaw(("head", "late", "early"))
    averaged = RunningAverage(model, recipe.ema) if recipe.ema else None
    return Learner(model, layers, losses, averaged, Phase("all", 2, 0.01), 2, recipe)


def test_a_step_lowers_the_loss_of_its_batch_and_moves_the_schedule():
    learner, batch = learner_of(Tiny(), schedule="cosine"), next(Photos().epoch(0))
    values, rates = [], []
    for _ in range(4):
        rates.append(learner.rate())
        torch.manual_seed(0)  # the same dropout
        values.append(float(learner.step(batch)["loss"]))
    assert values[-1] < values[0]
    assert rates[0] == 0.01 and rates[-1] < rates[1]


def test_a_step_returns_losses_without_their_graph():
    learner, batch = learner_of(Tiny()), next(Photos().epoch(0))
    assert all(not value.requires_grad for value in learner.step(batch).values())


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_a_restored_learner_goes_on_as_the_first(ema):
    batch = next(Photos().epoch(0))
    first, second = learner_of(Tiny(), ema=ema), learner_of(Tiny(seed=5), ema=ema)
    first.step(batch)
    second.restore(copy.deepcopy(first.states()))
    for learner in (first, second):
        torch.manual_seed(1)
        learner.step(batch)
    assert same_weights(first.model, second.model)
    assert first.rate() == second.rate()
    assert ("averaged" in first.states()) == bool(ema)


@pytest.mark.parametrize(
    ("decay", "share"),
    [(0.9, 9 / 11), (0.05, 0.95)],  # of the new weights: the mean is short at first
)
def test_averaged_weights_by_hand(tmp_path, decay, share):
    model, seen = Tiny(), []

    class Spy(Quiet):
        def step(self, photos, losses):
            seen.append(copy.deepcopy(model.state_dict()))

    phases = [Phase("all", 1, 0.05)]
    averaged, _ = train(tmp_path / "c.pt", model, phases=phases, ema=decay, watcher=Spy())
    first, second = seen
    for key, value in averaged.state_dict().items():
        if key.endswith("num_batches_tracked"):
            assert value == 2
        else:
            expected = first[key] + share * (second[key] - first[key])
            torch.testing.assert_close(value, expected)
    assert not torch.equal(first["head.2.weight"], second["head.2.weight"])


def test_the_gradient_is_clipped(tmp_path):
    largest = []

    def steep(outputs, batch):
        parts = losses(outputs, batch)
        return parts | {"loss": parts["loss"] * 1e4}

    class Spy(Quiet):
        def step(self, photos, losses):
            gradients = [p.grad.norm() for p in model.parameters() if p.grad is not None]
            largest.append(float(torch.stack(gradients).norm()))

    model = Tiny()
    train(tmp_path / "c.pt", model, losses=steep, watcher=Spy(), grad_clip=0.5)
    assert largest == pytest.approx([0.5] * 10, rel=1e-3)


def test_a_compiled_run_trains_the_same_weights(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "compile", lambda model: asked.append(model) or model)
    plain, history = train(tmp_path / "a.pt")
    model = Tiny()
    compiled, rows = train(tmp_path / "b.pt", model, compile=True)
    assert asked == [model] * len(PHASES)
    assert rows == history and same_weights(compiled, plain)
