"""Rates of the layer groups, and their course over a phase, by hand."""

import math

import pytest
import torch
from torch import nn

from pipeline.params.params import load_params
from pipeline.train.schedule import Phase, make_optimizer, make_scheduler, phases_of
from tests.conftest import ROOT


@pytest.fixture
def parameters():
    """A matrix and a bias in each layer group."""
    return {
        name: [nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2))]
        for name in ("head", "late", "early")
    }


def rates(optimizer):
    """Return the rate of each parameter, by its identity."""
    return {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}


def optimizer_of(parameters, phase="all", lr=0.5, divisor=10):
    return make_optimizer(parameters, Phase(phase, 1, lr), lr_divisor=divisor, weight_decay=0.04)


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("head", {"head": 0.5}),
        ("late", {"head": 0.5, "late": 0.05}),
        ("all", {"head": 0.5, "late": 0.05, "early": 0.005}),
    ],
)
def test_each_group_learns_slower_than_the_one_above(parameters, phase, expected):
    got = rates(optimizer_of(parameters, phase))
    wanted = {id(p): rate for name, rate in expected.items() for p in parameters[name]}
    assert got == pytest.approx(wanted)


def test_a_divisor_of_one_gives_all_the_same_rate(parameters):
    assert set(rates(optimizer_of(parameters, divisor=1)).values()) == {0.5}


def test_only_matrices_are_decayed(parameters):
    decays = [
        (p.ndim, group["weight_decay"])
        for group in optimizer_of(parameters).param_groups
        for p in group["params"]
    ]
    assert sorted(decays) == [(1, 0.0)] * 3 + [(2, 0.04)] * 3


def test_a_group_without_biases_has_no_empty_optimizer_group():
    optimizer = optimizer_of({"head": [nn.Parameter(torch.ones(2, 2))]}, "head")
    assert [len(group["params"]) for group in optimizer.param_groups] == [1]


def course(optimizer, kind, steps):
    """Return the rates of every group before each of `steps` steps, and after the last."""
    scheduler = make_scheduler(optimizer, kind, steps)
    rows = [[group["lr"] for group in optimizer.param_groups]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rows.append([group["lr"] for group in optimizer.param_groups])
    return rows


def test_cosine_by_hand(parameters):
    head = [row[0] for row in course(optimizer_of(parameters, lr=1.0), "cosine", 20)]
    assert head[:3] == pytest.approx([0.5, 1.0, 1.0])  # two steps of warm-up
    assert head[11] == pytest.approx(0.01 + 0.99 / 2)  # half way down
    assert head[5] == pytest.approx(0.01 + 0.99 * (1 + math.cos(math.pi * 3 / 18)) / 2)
    assert head[20] == pytest.approx(0.01)
    assert max(head) == 1.0


def test_one_cycle_by_hand(parameters):
    optimizer = optimizer_of(parameters, lr=1.0)
    head = [row[0] for row in course(optimizer, "one_cycle", 20)]
    assert head[0] == pytest.approx(1 / 25)
    assert head[5] == pytest.approx(1.0)  # 30 % of the way: the sixth of twenty
    assert head[5] == max(head)
    assert head[19] == pytest.approx(1 / 25 / 1e4)
    assert head[:6] == sorted(head[:6]) and head[5:20] == sorted(head[5:20], reverse=True)


def test_one_cycle_moves_momentum_the_other_way(parameters):
    optimizer = optimizer_of(parameters)
    scheduler = make_scheduler(optimizer, "one_cycle", 20)
    beta = [optimizer.param_groups[0]["betas"][0]]
    for _ in range(5):
        optimizer.step()
        scheduler.step()
        beta.append(optimizer.param_groups[0]["betas"][0])
    assert beta == sorted(beta, reverse=True)
    assert (beta[0], beta[5]) == pytest.approx((0.95, 0.85))


@pytest.mark.parametrize("kind", ["one_cycle", "cosine"])
def test_every_group_keeps_its_ratio(parameters, kind):
    for head, head_bias, late, _, early, _ in course(optimizer_of(parameters), kind, 13):
        assert head == head_bias
        assert (late / head, early / head) == pytest.approx((0.1, 0.01))


@pytest.mark.parametrize("kind", ["one_cycle", "cosine"])
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_the_shortest_phases_run(parameters, kind, steps):
    rows = course(optimizer_of(parameters), kind, steps)
    assert all(0 < rate <= 0.5 for row in rows for rate in row)


@pytest.mark.parametrize(
    ("steps", "epochs"),
    [(200, 8), (20, 8), (19, 9), (10, 16), (3, 54)],  # 8 epochs of 20 steps are 160
)
def test_a_small_set_gets_as_many_steps(steps, epochs):
    phases = phases_of(load_params(ROOT / "params.yaml").train.bbox, steps, 20)
    assert phases[1] == Phase("late", epochs, 0.015)
    assert epochs * steps >= 160


def test_the_demo_has_the_epochs_of_its_parameters():
    params = load_params(ROOT / "params.yaml")
    photos = params.fetch.demo.photos * (1 - params.fetch.val_fraction)
    steps = photos * 0.95 // params.train.shared.batch_size  # some photos may have no object
    assert steps >= params.train.shared.min_epoch_steps


def test_phases_without_epochs_are_left_out():
    phases = phases_of(load_params(ROOT / "params.yaml").train.ssd_fpn, 25, 20)
    assert phases == [Phase("late", 6, 0.004)]
