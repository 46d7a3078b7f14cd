"""The processes (ranks) that train one model together, and how they exchange data.

torchrun passes each its rank in the environment. A process on its own is rank 0 of 1; functions
here then return what they are given, without any communication.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, pairwise, zip_longest
from typing import TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import Store
from torch.distributed.rendezvous import rendezvous

from pipeline.errors import InputError, counted
from pipeline.exit_codes import FAILED, INTERRUPTED

T = TypeVar("T")


class LostRankError(Exception):
    """Another rank of this training has ended."""


def is_worker() -> bool:
    """Return whether torchrun started this process."""
    return "LOCAL_RANK" in os.environ


def world_size() -> int:
    """Return how many processes train together; 1 outside of torchrun."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Return this process's rank, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def is_rank_zero() -> bool:
    """Return whether this is rank 0, the one that writes files and reports progress."""
    return rank() == 0


@contextmanager
def joined() -> Iterator[None]:
    """Join the process group while the block runs, if torchrun started this process.

    If one rank ends, all do. Only the first one to fail reports its error.
    """
    if not is_worker():
        yield
        return
    cuda = torch.cuda.is_available() and dist.is_nccl_available()
    store, rank, size = next(rendezvous("env://"))
    with _ending_together(store):
        backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
        try:
            dist.init_process_group(backend, store=store, rank=rank, world_size=size)
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"the {size} processes cannot reach each other: {reason}") from None
        yield
    if dist.is_initialized():
        dist.destroy_process_group()


@contextmanager
def _ending_together(store: Store) -> Iterator[None]:
    try:
        yield
    except (InputError, OSError, KeyboardInterrupt, LostRankError) as error:
        # We are exiting anyway; torchrun's SIGTERM would arrive during interpreter shutdown.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        own_fault = not isinstance(error, KeyboardInterrupt | LostRankError)
        reports = own_fault and _is_first_to_report(store)
        if dist.is_initialized() and dist.get_backend() == "gloo":
            dist.destroy_process_group()  # its threads would abort the shutdown
        if isinstance(error, KeyboardInterrupt):  # the launcher reports it
            raise SystemExit(INTERRUPTED) from None
        if not reports:
            raise SystemExit(FAILED) from None
        raise


def _is_first_to_report(store: Store) -> bool:
    try:
        return store.add("told", 1) == 1
    except RuntimeError:  # the rank that hosted the store has ended, and reported why
        return False


@contextmanager
def _raising_lost_rank() -> Iterator[None]:
    try:
        yield
    except dist.DistBackendError as error:  # NCCL's, which also refuses what it cannot do
        reason = str(error).strip().splitlines()[-1]
        raise InputError(
            f"the processes cannot exchange data: {reason}; NCCL_DEBUG=INFO says more"
        ) from None
    except RuntimeError as error:
        raise LostRankError(str(error)) from error


def own_device(name: str) -> str:
    """Return the name of this process's device.

    Args:
        name: `train.shared.device` of `params.yaml`.

    Raises:
        InputError: `name` is a single device, and there are several processes; or there are too
            few GPUs.
    """
    if world_size() == 1:
        return name
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(
            f"train.shared.device = {name}: is one device, and {world_size()} processes train; use "
            "auto, cpu or cuda, or train.shared.devices=1"
        )
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return "cpu"
    place, gpus = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if 0 < gpus <= place:
        raise InputError(
            f"train.shared.devices: each process needs a GPU, and {counted(gpus, 'GPU')} can be "
            "seen here; set it to that number, or train.shared.device to cpu"
        )
    return f"cuda:{place}"


def rank_slice(rows: int) -> slice:
    """Return which rows of a batch belong to this rank; every row belongs to exactly one."""
    return _slices(rows)[rank()]


def rank_sizes(rows: int) -> list[int]:
    """Return how many rows of a batch belong to each rank."""
    return [part.stop - part.start for part in _slices(rows)]


def _slices(rows: int) -> list[slice]:
    edges = [rows * before // world_size() for before in range(world_size() + 1)]
    return [slice(*edge) for edge in pairwise(edges)]


def is_mine(index: int) -> bool:
    """Return whether the item at this index is this rank's when dealt out round-robin."""
    return index % world_size() == rank()


def gather_round_robin(mine: Sequence[T]) -> list[T]:
    """Return the items of all ranks in their original order; inverts `is_mine`."""
    if world_size() == 1:
        return list(mine)
    gathered: list[Sequence[T]] = [()] * world_size()
    with _raising_lost_rank():
        dist.all_gather_object(gathered, mine)
    lists = [[[item] for item in items] for items in gathered]  # an item may be None
    return [item for each in zip_longest(*lists, fillvalue=[]) for item in chain(*each)]


def check_alike(digest: str) -> None:
    """Check that all ranks have the same digest of what they train with.

    Raises:
        InputError: they do not; gradients of different data would be summed without notice.
    """
    if len(set(gather_round_robin([digest]))) > 1:
        raise InputError(
            "the processes have different data, parameters, code or versions of torch; copy the "
            "project and data/ from one host to all"
        )


def broadcast_from_rank_zero(make: Callable[[], T]) -> T:
    """Return what `make` returns on rank 0; the other ranks do not call it."""
    if world_size() == 1:
        return make()
    made = [make() if is_rank_zero() else None]
    with _raising_lost_rank():
        dist.broadcast_object_list(made, src=0)
    return cast(T, made[0])


def gather_rows(mine: Tensor, rows: int) -> Tensor:
    """Return all rows of a batch, of which `mine` are this rank's.

    Gradients flow to this rank's rows only.
    """
    if world_size() == 1:
        return mine
    sizes = rank_sizes(rows)
    padded = mine.new_zeros(max(sizes), *mine.shape[1:])
    padded[: len(mine)] = mine.detach()
    gathered = [torch.empty_like(padded) for _ in sizes]
    with _raising_lost_rank():
        dist.all_gather(gathered, padded)
    parts = [part[:size] for part, size in zip(gathered, sizes, strict=True)]
    parts[rank()] = mine
    return torch.cat(parts)


def all_gather_stacked(mine: Tensor) -> Tensor:
    """Return the equally shaped tensors of all ranks, stacked, without gradients."""
    gathered = [torch.empty_like(mine) for _ in range(world_size())]
    with _raising_lost_rank():
        dist.all_gather(gathered, mine.contiguous())
    return torch.stack(gathered)


def all_reduce_sum_(tensor: Tensor) -> Tensor:
    """Sum a tensor over all ranks in place, and return it."""
    with _raising_lost_rank():
        dist.all_reduce(tensor)
    return tensor


def all_reduce_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace each gradient by its sum over all ranks."""
    if world_size() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    # One message instead of hundreds of small ones.
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    parts = all_reduce_sum_(flat).split([gradient.numel() for gradient in gradients])
    for gradient, total in zip(gradients, parts, strict=True):
        gradient.copy_(total.view_as(gradient))
