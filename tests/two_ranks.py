"""Two processes that work together as those of a training do, for tests."""

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch.distributed import TCPStore

from pipeline.data import ranks
from tests.forked import FORK_SERVER

T = TypeVar("T")
Together = Callable[..., list[T]]  # a function and its arguments: what each process returns


@contextmanager
def two_processes() -> Iterator[Together]:
    """Yield what calls a function of a module in both; they are started once.

    After an error they are started anew: if one process has joined once more than the other, torch
    calls their next group by two names, and each waits half an hour for the other.
    """
    pool = ProcessPoolExecutor(2, FORK_SERVER)

    def together(work: Callable[..., T], *args: object) -> list[T]:
        nonlocal pool
        store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
        calls = [pool.submit(_one, rank, store.port, work, args) for rank in (0, 1)]
        try:
            return [call.result() for call in calls]
        except BaseException:
            pool.shutdown()
            pool = ProcessPoolExecutor(2, FORK_SERVER)
            raise

    try:
        yield together
    finally:
        pool.shutdown()


def _one(rank: int, port: int, work: Callable[..., T], args: tuple) -> T:
    """Do the work as one of two; the other waits for it, so each process has one."""
    torch.set_num_threads(1)
    told = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": 2,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        **({"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}),
        "TORCHELASTIC_USE_AGENT_STORE": True,  # the store is the parent's
    }
    os.environ |= {name: str(value) for name, value in told.items()}
    with ranks.joined():
        return work(*args)
