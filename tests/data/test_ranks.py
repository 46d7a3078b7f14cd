"""The ranks of a training: which rows each has, and what they exchange."""

import os
from unittest.mock import patch

import pytest
import torch
import torch.distributed as dist
from hypothesis import given
from hypothesis import strategies as st
from torch.distributed import distributed_c10d

from pipeline.data import ranks
from pipeline.errors import InputError


def as_one_of(rank: int, processes: int):
    """Make this process believe that it is one of several ranks; it cannot communicate."""
    return patch.multiple(ranks, world_size=lambda: processes, rank=lambda: rank)


@given(rows=st.integers(0, 200), processes=st.integers(1, 9))
def test_slices_make_up_a_batch(rows, processes):
    slices = []
    for rank in range(processes):
        with as_one_of(rank, processes):
            slices.append(list(range(rows))[ranks.rank_slice(rows)])
            sizes = ranks.rank_sizes(rows)
    assert [row for part in slices for row in part] == list(range(rows))
    assert [len(part) for part in slices] == sizes
    assert max(sizes) - min(sizes) <= 1


@given(items=st.integers(0, 40), processes=st.integers(1, 9))
def test_each_item_belongs_to_one_rank(items, processes):
    for item in range(items):
        owners = 0
        for rank in range(processes):
            with as_one_of(rank, processes):
                owners += ranks.is_mine(item)
        assert owners == 1


def test_a_single_process_gets_back_what_it_gives():
    assert (ranks.world_size(), ranks.rank(), ranks.is_rank_zero()) == (1, 0, True)
    rows, parameter = torch.ones(3, 2), torch.ones(1, requires_grad=True)
    with ranks.joined():
        assert ranks.gather_rows(rows, 3) is rows
        assert ranks.gather_round_robin([1, 2]) == [1, 2]
        assert ranks.broadcast_from_rank_zero(lambda: 7) == 7
        assert ranks.own_device("mps") == "mps"
        parameter.sum().backward()
        ranks.all_reduce_gradients([parameter])
        assert parameter.grad == 1


def _exchange():
    rank = ranks.rank()
    mine = torch.arange(5.0)[ranks.rank_slice(5)].requires_grad_()
    everyones = ranks.gather_rows(mine, 5)
    (everyones * torch.arange(5.0)).sum().backward()
    parameters = [torch.zeros(2, 2, requires_grad=True), torch.zeros(3), torch.zeros(1)]
    parameters[0].grad, parameters[2].grad = torch.full((2, 2), 1.0 + rank), torch.ones(1)
    ranks.all_reduce_gradients(parameters)
    return {
        "gathered": everyones.detach(),
        "own gradient": mine.grad,
        "stacked": ranks.all_gather_stacked(torch.full((2,), 1.0 + rank)),
        "sum": ranks.all_reduce_sum_(torch.full((2,), 1.0 + rank)),
        "gradients": [p.grad for p in parameters],
        "none gathered": ranks.gather_rows(torch.zeros(1 - rank, 2)[:0], 0),
        "turns": ranks.gather_round_robin([None, 2, 4] if rank == 0 else [1, 3]),
        "first": ranks.broadcast_from_rank_zero(lambda: f"said by {rank}"),
        "device": ranks.own_device("auto" if not torch.cuda.is_available() else "cpu"),
    }


def test_what_two_ranks_exchange(together):
    first, second = together(_exchange)
    for seen in (first, second):
        assert seen["gathered"].tolist() == [0, 1, 2, 3, 4]
        assert seen["stacked"].tolist() == [[1, 1], [2, 2]]
        assert seen["sum"].tolist() == [3, 3]
        assert seen["none gathered"].shape == (0, 2)
        assert seen["turns"] == [None, 1, 2, 3, 4]
        assert seen["first"] == "said by 0"
        assert seen["device"] == "cpu"
        whole, none, one = seen["gradients"]
        assert whole.tolist() == [[3, 3], [3, 3]] and none is None and one == 2
    assert torch.cat([first["own gradient"], second["own gradient"]]).tolist() == [0, 1, 2, 3, 4]


def _check_alike():
    ranks.check_alike("the same")
    try:
        ranks.check_alike(f"of {ranks.rank()}")
    except InputError as error:
        return str(error)


def test_ranks_with_different_data_are_refused(together):
    ranks.check_alike("of a process on its own")
    first, second = together(_check_alike)
    assert first == second and first.startswith("the processes have different data, parameters, ")


def _wrong_in_one():
    ranks.gather_round_robin([0])
    if ranks.rank() == 1:
        raise ValueError("wrong")


def test_what_goes_wrong_in_one_does_not_stop_the_next(together):
    with pytest.raises(ValueError, match="wrong"):
        together(_wrong_in_one)
    assert together(ranks.rank) == [0, 1]


def _ending(errors: dict[int, BaseException]):
    """Return how this process ends where one or both of two fail, and the rest wait for them."""
    ranks.gather_round_robin([0])  # the other may still be joining, which would fail as well
    store = distributed_c10d._get_default_store()
    try:
        with ranks._ending_together(store):
            if ranks.rank() in errors:
                raise errors[ranks.rank()]
            raise ranks.LostRankError
    except BaseException as ending:
        return type(ending).__name__, str(ending)


@pytest.mark.parametrize("failing", [0, 1])
def test_the_one_that_fails_says_why(together, failing):
    ends = together(_ending, {failing: InputError("a.jpg: is broken")})
    assert ends[failing] == ("InputError", "a.jpg: is broken")
    assert ends[1 - failing] == ("SystemExit", "1")


def test_only_one_reports(together):
    ends = together(_ending, {0: InputError("no"), 1: InputError("no")})
    assert sorted(ends) == [("InputError", "no"), ("SystemExit", "1")]


def test_the_launcher_says_that_all_were_stopped(together):
    ends = together(_ending, {0: KeyboardInterrupt(), 1: KeyboardInterrupt()})
    assert ends == [("SystemExit", "130")] * 2


def test_what_nccl_refuses_is_told():
    refused = dist.DistBackendError("NCCL error in: a.cpp:1\nLast error:\nDuplicate GPU detected")
    expected = r"^the processes cannot exchange data: Duplicate GPU detected; NCCL_DEBUG=INFO says"
    with patch.object(dist, "all_reduce", side_effect=refused):
        with pytest.raises(InputError, match=expected):
            ranks.all_reduce_sum_(torch.zeros(1))
    with patch.object(dist, "all_reduce", side_effect=RuntimeError("Connection closed by peer")):
        with pytest.raises(ranks.LostRankError):
            ranks.all_reduce_sum_(torch.zeros(1))


def own_device(name: str, place: int = 0, gpus: int = 2) -> str:
    """Return the device of one of two processes on a machine with so many GPUs."""
    with (
        as_one_of(place, 2),
        patch.dict(os.environ, LOCAL_RANK=str(place)),
        patch.object(torch.cuda, "device_count", lambda: gpus),
    ):
        return ranks.own_device(name)


def test_each_has_a_gpu_of_its_own():
    assert [own_device("cuda", place) for place in (0, 1)] == ["cuda:0", "cuda:1"]
    assert own_device("cuda", gpus=0) == "cuda:0"  # refused where it is looked for
    with pytest.raises(InputError, match=r"train.shared.device = cuda:1: is one device, and 2 "):
        own_device("cuda:1")


def test_too_few_gpus_are_refused():
    assert own_device("cuda", gpus=1) == "cuda:0"
    with pytest.raises(InputError) as refused:
        own_device("cuda", place=1, gpus=1)
    assert str(refused.value) == (
        "train.shared.devices: each process needs a GPU, and 1 GPU can be seen here; "
        "set it to that number, or train.shared.device to cpu"
    )
