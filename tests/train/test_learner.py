"""The learner of a phase: gradient, step, schedule and moving average."""

import copy

import pytest
import torch

from pipeline.models.layer_groups import LayerGroups
from pipeline.train.averaging import average_of
from pipeline.train.learner import Learner
from pipeline.train.schedule import Phase
from tests.train.making import PHASES, Photos, Quiet, Tiny, losses, params_of, same_weights, train


def learner_of(model: Tiny, **changes) -> Learner:
    layers = LayerGroups(model, model.backbone)
    layers.thaw(("head", "late", "early"))
    shared, rung = params_of(**changes)
    return Learner(
        model,
        layers,
        losses,
        average_of(model, rung.ema) if rung.ema else None,
        Phase("all", 2, 0.01),
        steps_per_epoch=2,
        steps_before=0,
        shared=shared,
        rung=rung,
    )


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
    second.restore(copy.deepcopy(first.state()))
    for learner in (first, second):
        torch.manual_seed(1)
        learner.step(batch)
    assert same_weights(first.model, second.model)
    assert first.rate() == second.rate()
    assert bool(first.state()["average"]) == bool(ema)
    if ema:
        assert same_weights(first.average.module, second.average.module)


@pytest.mark.parametrize(
    ("decay", "share"),
    [(0.9, 9 / 11), (0.05, 0.95)],  # of the new weights: the average is short at first
)
def test_averaged_weights_by_hand(tmp_path, decay, share):
    model, seen = Tiny(), [Tiny().state_dict()]

    class Spy(Quiet):
        def step(self, photos, losses):
            seen.append(copy.deepcopy(model.state_dict()))

    phases = [Phase("all", 1, 0.05)]
    averaged, _ = train(tmp_path / "c.pt", model, phases=phases, ema=decay, watch=Spy())
    start, first, second = seen
    for key, value in averaged.state_dict().items():
        if key.endswith("num_batches_tracked"):
            assert value == 2
        else:
            before = start[key] + max(0.9, 1 - decay) * (first[key] - start[key])
            torch.testing.assert_close(value, before + share * (second[key] - before))
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
    train(tmp_path / "c.pt", model, losses=steep, watch=Spy(), grad_clip=0.5)
    assert largest == pytest.approx([0.5] * 10, rel=1e-3)


def test_a_compiled_run_trains_the_same_weights(tmp_path, monkeypatch):
    compiled_models = []
    monkeypatch.setattr(torch, "compile", lambda model: compiled_models.append(model) or model)
    plain, history = train(tmp_path / "a.pt")
    model = Tiny()
    compiled, rows = train(tmp_path / "b.pt", model, compile=True)
    assert compiled_models == [model] * len(PHASES)
    assert rows == history and same_weights(compiled, plain)


def test_the_average_of_a_later_phase_goes_on_where_the_one_before_it_ended(tmp_path, monkeypatch):
    counted = []
    monkeypatch.setattr("pipeline.train.learner.update_average", lambda *of: counted.append(of[-1]))
    train(tmp_path / "c.pt", ema=0.9)
    assert counted == list(range(10))  # five epochs of two steps, in three phases
