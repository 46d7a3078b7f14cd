"""The processes that train one model together: which one this is, and what all of them know.

torchrun numbers them in the environment. A process alone is the first of one, and everything here
gives back at once what it is given.
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

from pipeline.errors import InputError
from pipeline.exit_codes import FAILED, INTERRUPTED

T = TypeVar("T")


class LostRankError(Exception):
    """Another process of this training has ended."""


def is_worker() -> bool:
    """Return whether torchrun has started this process."""
    return "LOCAL_RANK" in os.environ


def count() -> int:
    """Return how many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def number() -> int:
    """Return this process's number, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def is_first() -> bool:
    """Return whether this process writes files and talks to people."""
    return number() == 0


@contextmanager
def joined() -> Iterator[None]:
    """Let this process work with the others, if torchrun has started it.

    What ends one ends all. Only the first that fails says why.
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
        # It ends anyway; torchrun's SIGTERM to those that are left would come amid Python's end.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        tells = not isinstance(error, KeyboardInterrupt | LostRankError) and _tells_first(store)
        if dist.is_initialized() and dist.get_backend() == "gloo":
            dist.destroy_process_group()  # whose threads would abort Python's end
        if isinstance(error, KeyboardInterrupt):  # of the launcher, who says so
            raise SystemExit(INTERRUPTED) from None
        if not tells:
            raise SystemExit(FAILED) from None
        raise


def _tells_first(store: Store) -> bool:
    try:
        return store.add("told", 1) == 1
    except RuntimeError:  # whoever kept the store has ended, and has told
        return False


@contextmanager
def _talking() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise LostRankError(str(error)) from error


def own_device(name: str) -> str:
    """Return the name of this process's device, where `name` is the one in `params.yaml`.

    Raises:
        InputError: it names one device, and there are several processes.
    """
    if count() == 1:
        return name
    if name not in ("auto", "cpu", "cuda"):
        raise InputError(
            f"train.shared.device = {name}: is one device, and {count()} processes train; use "
            "auto, cpu or cuda, or train.shared.devices=1"
        )
    on_gpu = name == "cuda" or (name == "auto" and torch.cuda.is_available())
    return f"cuda:{os.environ['LOCAL_RANK']}" if on_gpu else "cpu"


def share(rows: int) -> slice:
    """Return which of the rows of a batch are this process's; all processes' make up all rows."""
    return _shares(rows)[number()]


def share_sizes(rows: int) -> list[int]:
    """Return how many rows of a batch each process has."""
    return [part.stop - part.start for part in _shares(rows)]


def _shares(rows: int) -> list[slice]:
    edges = [rows * rank // count() for rank in range(count() + 1)]
    return [slice(*edge) for edge in pairwise(edges)]


def has_turn(item: int) -> bool:
    """Return whether an item of a list is this process's, where they take turns."""
    return item % count() == number()


def in_turns(mine: Sequence[T]) -> list[T]:
    """Return the items of all processes, which have taken turns, in their order."""
    if count() == 1:
        return list(mine)
    everyones: list[Sequence[T]] = [()] * count()
    with _talking():
        dist.all_gather_object(everyones, mine)
    lists = [[[item] for item in items] for items in everyones]  # None would be an item, too
    return [item for each in zip_longest(*lists, fillvalue=[]) for item in chain(*each)]


def from_first(make: Callable[[], T]) -> T:
    """Return what `make` gives the first process; the others do not call it."""
    if count() == 1:
        return make()
    made = [make() if is_first() else None]
    with _talking():
        dist.broadcast_object_list(made, src=0)
    return cast(T, made[0])


def gather_rows(mine: Tensor, rows: int) -> Tensor:
    """Return all rows of a batch of which this process has its share.

    Gradients go to this process's rows alone.
    """
    if count() == 1:
        return mine
    sizes = share_sizes(rows)
    padded = mine.new_zeros(max(sizes), *mine.shape[1:])
    padded[: len(mine)] = mine.detach()
    everyones = [torch.empty_like(padded) for _ in sizes]
    with _talking():
        dist.all_gather(everyones, padded)
    parts = [part[:size] for part, size in zip(everyones, sizes, strict=True)]
    parts[number()] = mine
    return torch.cat(parts)


def stack(mine: Tensor) -> Tensor:
    """Return the tensors of all processes, which have one shape, without gradients."""
    everyones = [torch.empty_like(mine) for _ in range(count())]
    with _talking():
        dist.all_gather(everyones, mine.contiguous())
    return torch.stack(everyones)


def add_up_(tensor: Tensor) -> Tensor:
    """Make a tensor the sum of everyone's, and return it."""
    with _talking():
        dist.all_reduce(tensor)
    return tensor


def add_up_gradients(parameters: Iterable[Tensor]) -> None:
    """Make each gradient the sum of those of all processes."""
    if count() == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    # One message for all: there are hundreds of small ones.
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    parts = add_up_(flat).split([gradient.numel() for gradient in gradients])
    for gradient, total in zip(gradients, parts, strict=True):
        gradient.copy_(total.view_as(gradient))
