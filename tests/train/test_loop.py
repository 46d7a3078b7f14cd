"""The training loop: it trains, it is reproducible, and it stops when it should."""

import copy
import json
import math
from itertools import pairwise

import pytest
import torch

from pipeline.errors import InputError
from pipeline.train.checkpoint import load_checkpoint
from pipeline.train.loop import validate
from pipeline.train.schedule import Phase
from tests.train.making import (
    KilledAfterEpoch,
    KilledError,
    Photos,
    Quiet,
    Tiny,
    losses,
    same_weights,
    train,
)


def test_it_overfits_one_batch(tmp_path):
    photos = Photos(8, 8)
    phases = [Phase("all", 60, 0.02)]
    _, history = train(tmp_path / "c.pt", phases=phases, source=photos, val=photos, lr_divisor=1)
    assert history[0]["val"]["loss"] > 1
    assert history[-1]["val"]["loss"] < 0.05


def test_a_row_for_each_epoch(tmp_path):
    watch = Quiet()
    _, history = train(tmp_path / "c.pt", watch=watch)
    assert [row["epoch"] for row in history] == [1, 2, 3, 4, 5]
    assert [row["phase"] for row in history] == ["head", "head", "late", "late", "all"]
    assert [history[0]["lr"], history[2]["lr"]] == pytest.approx([0.01 / 25, 0.02 / 25])
    assert watch.epochs == history
    assert [photos for photos, _ in watch.steps] == [4] * 10
    for epoch, row in enumerate(history):
        for name in ("loss", "class_loss"):
            steps = [losses[name] for _, losses in watch.steps[2 * epoch : 2 * epoch + 2]]
            assert row["train"][name] == pytest.approx(float(sum(steps)) / 2)
        assert row["val"]["loss"] == pytest.approx(2 * row["val"]["class_loss"])


def test_val_losses_are_means_over_photos_of_a_model_in_evaluation_mode():
    model = Tiny().train()
    photos = Photos(5, 4)  # a batch of four and one of one
    got, _ = validate(model, losses, photos, "float32")
    with torch.no_grad():
        outputs = copy.deepcopy(model).eval()(photos.images)
    expected = losses(outputs, photos.batch(torch.arange(5)))
    assert got["loss"] == pytest.approx(float(expected["loss"]))
    assert not model.training


@pytest.mark.parametrize("changes", [{}, {"ema": 0.9, "schedule": "cosine"}])
def test_equal_runs_are_equal_bit_for_bit(tmp_path, changes):
    model, history = train(tmp_path / "a.pt", **changes)
    torch.rand(100)  # what chance has done elsewhere does not matter
    again, repeated = train(tmp_path / "b.pt", **changes)
    assert history == repeated
    assert same_weights(model, again)


def test_another_seed_is_another_run(tmp_path):
    _, history = train(tmp_path / "a.pt")
    _, other = train(tmp_path / "b.pt", seed=8)
    assert history[0]["train"] != other[0]["train"]


def test_every_epoch_has_a_chance_of_its_own(tmp_path):
    seeds = []

    class Spy(Photos):
        def epoch(self, seed, *, whole=False):
            seeds.append(seed)
            return super().epoch(seed, whole=whole)

    phases = [Phase("late", 3, 0.01), Phase("all", 2, 0.01)]
    train(tmp_path / "c.pt", source=Spy(noisy=True), phases=phases)
    assert len(set(seeds)) == len(seeds) == 5


@pytest.mark.parametrize(
    ("phase", "moves"),
    [("head", {"head"}), ("late", {"head", "late"}), ("all", {"head", "late", "early"})],
)
def test_frozen_layers_do_not_move(tmp_path, phase, moves):
    before, model = Tiny(), Tiny()
    # Two epochs: val, after the first, leaves all layers in evaluation mode.
    train(tmp_path / "c.pt", model, phases=[Phase(phase, 2, 0.01)])
    parts = {
        "head": (model.head, before.head),
        "late": (model.backbone.late, before.backbone.late),
        "early": (model.backbone.early, before.backbone.early),
    }
    for name, (now, then) in parts.items():
        for key, value in now.state_dict().items():  # batch norm's statistics among them
            assert torch.equal(value, then.state_dict()[key]) == (name not in moves), (name, key)


def test_val_is_of_the_averaged_weights(tmp_path):
    val = Photos(5, 4)
    averaged, history = train(tmp_path / "c.pt", ema=0.9, val=val)
    assert history[-1]["val"] == validate(averaged, losses, val, "float32")[0]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_names_epoch_and_photos(tmp_path, value):
    calls = []

    def breaks(outputs, batch):
        parts = losses(outputs, batch)
        if torch.is_grad_enabled():
            calls.append(batch.photo.tolist())
            if len(calls) == 3:
                parts["loss"] = parts["loss"] * value
        return parts

    watch = Quiet()
    with pytest.raises(InputError) as error:
        train(tmp_path / "c.pt", losses=breaks, watch=watch)
    assert len(watch.steps) == 2  # nothing is learnt from it
    assert f"the loss became {value} in epoch 2, " in str(error.value)
    assert f"photos {calls[2]} " in str(error.value)
    assert "\n" not in str(error.value)
    saved = load_checkpoint(tmp_path / "c.pt")
    assert len(saved["history"]) == 1
    assert all(p.isfinite().all() for p in saved["learner"]["model"].values())


@pytest.mark.parametrize("name", ["loss", "class_loss"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_of_val_that_is_not_finite_names_the_epoch(tmp_path, name, value):
    calls = []

    def breaks(outputs, batch):
        parts = losses(outputs, batch)
        if not torch.is_grad_enabled():
            calls.append(batch)
            if len(calls) == 3:  # val has two batches
                parts[name] = torch.tensor(value)
        return parts

    watch = Quiet()
    with pytest.raises(InputError) as error:
        train(tmp_path / "c.pt", losses=breaks, watch=watch)
    assert str(error.value) == f"{name} of val became {value} in epoch 2; try a lower lr"
    # What the next run goes on from can be written as JSON.
    history = load_checkpoint(tmp_path / "c.pt")["history"]
    assert [row["epoch"] for row in history] == [1] and watch.epochs == history
    assert json.loads(json.dumps(history, allow_nan=False)) == history


class Scripted(Photos):
    """Val photos with a given loss for each epoch."""

    def __init__(self, values):
        super().__init__(4)
        self.values = list(values)

    def epoch(self, seed, *, whole=False):
        yield from super().epoch(seed, whole=whole)
        self.values.pop(0)


def scripted(val):
    def of_batch(outputs, batch):
        if torch.is_grad_enabled():
            return losses(outputs, batch)
        return {"loss": torch.tensor(val.values[0])}

    return of_batch


@pytest.mark.parametrize(
    ("patience", "values", "epochs"),
    [
        (2, [5.0, 4.0, 4.5, 4.2, 3.0], 4),
        (2, [5.0, 4.0, 4.5, 3.9, 3.0], 5),
        (1, [5.0, 5.0, 4.0, 3.0, 2.0], 2),  # as good is not better
        (0, [5.0, 6.0, 7.0, 8.0, 9.0], 5),
    ],
)
def test_early_stop(tmp_path, patience, values, epochs):
    val = Scripted(values)
    args = {"losses": scripted(val), "val": val, "early_stop": patience}
    args["phases"] = [Phase("late", 5, 0.01)]
    model, history = train(tmp_path / "c.pt", **args)
    assert [row["val"]["loss"] for row in history] == pytest.approx(values[:epochs])
    # A run that was killed after its last epoch stops there, too.
    resumed, rows = train(tmp_path / "c.pt", Tiny(seed=99), **args)
    assert rows == history
    assert same_weights(resumed, model)


@pytest.mark.parametrize("killed_after", [2, 3, 5])
def test_a_phase_that_stops_early_is_followed_by_the_next(tmp_path, killed_after):
    values = [5.0, 5.0, 9.0, 8.0, 7.0]  # the loss jumps where the next phase begins
    phases = [Phase("late", 4, 0.01), Phase("all", 3, 0.01)]

    def run(name, val, model=None, watch=None):
        return train(
            tmp_path / name,
            model,
            phases=phases,
            losses=scripted(val),
            val=val,
            watch=watch,
            early_stop=1,
        )

    model, history = run("unbroken.pt", Scripted(values))
    assert [row["epoch"] for row in history] == [1, 2, 3, 4, 5]
    assert [row["phase"] for row in history] == ["late", "late", "all", "all", "all"]
    val = Scripted(values)
    with pytest.raises(KilledError):
        run("c.pt", val, watch=KilledAfterEpoch(killed_after))
    resumed, rows = run("c.pt", val, Tiny(seed=99))
    assert rows == history and same_weights(resumed, model)


def test_the_rate_falls_to_the_last_epoch(tmp_path):
    _, history = train(tmp_path / "c.pt", phases=[Phase("head", 6, 0.01)])
    rates = [row["lr"] for row in history]
    assert max(rates) <= 0.01 and rates[2] > rates[0]
    assert all(later < earlier for earlier, later in pairwise(rates[2:]))
