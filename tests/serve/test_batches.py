"""Photos of concurrent requests go through the network together, and none is lost."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

import pytest

from pipeline.serve.batches import Batches


class Network:
    """Doubles numbers, and records batches and threads."""

    def __init__(self, seconds: float = 0.0):
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()
        self.seconds = seconds

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        self.threads.add(threading.current_thread().name)
        time.sleep(self.seconds)
        if 13 in numbers:
            raise ValueError("13 is a bug")
        return [2 * number for number in numbers if number != 14]


def detected(
    network: Network,
    numbers: Sequence[int],
    *,
    size: int = 4,
    wait: float = 0.5,
    on_their_way: Callable[[], int] | None = None,
) -> list[int | BaseException]:
    """Return the results for numbers that are sent at once."""

    async def all_of_them() -> list[int | BaseException]:
        way = on_their_way or (lambda: len(numbers))
        batches = Batches(network, size, wait, way)
        work = asyncio.create_task(batches.work())
        found = await asyncio.gather(*map(batches.detect, numbers), return_exceptions=True)
        work.cancel()
        return found

    return asyncio.run(all_of_them())


def test_each_gets_its_own_answer_from_batches_of_the_size() -> None:
    network = Network()
    assert detected(network, range(10), wait=0.05) == [2 * number for number in range(10)]
    assert network.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert len(network.threads) == 1


def test_who_is_alone_does_not_wait() -> None:
    start = time.monotonic()
    assert detected(Network(), [1], wait=30) == [2]
    assert time.monotonic() - start < 5


def test_nobody_waits_longer_than_a_moment() -> None:
    network = Network()
    assert detected(network, [1], wait=0.05, on_their_way=lambda: 3) == [2]
    assert network.batches == [[1]]


def test_a_failure_is_of_its_batch_alone() -> None:
    found = detected(Network(), [1, 13, 3, 4], size=2, wait=0.05)
    assert [str(one) for one in found] == ["13 is a bug", "13 is a bug", "6", "8"]
    found = detected(Network(), [14, 2], size=1, wait=0.05)
    assert [str(one) for one in found] == ["0 answers for 1 photos", "4"]


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_a_request_that_is_given_up_does_not_hold_the_others(seconds: float) -> None:
    async def given_up() -> list[int]:
        batches = Batches(Network(seconds), 2, 0.0, lambda: 9)
        work = asyncio.create_task(batches.work())
        first, second, third = (asyncio.create_task(batches.detect(n)) for n in (1, 2, 3))
        await asyncio.sleep(0.01)
        second.cancel()
        found = [await first, await third]
        work.cancel()
        return found

    assert asyncio.run(given_up()) == [2, 6]


def test_photos_gather_while_the_network_is_busy() -> None:
    async def one_after_the_other() -> list[list[int]]:
        network = Network(0.1)
        batches = Batches(network, 8, 0.05, lambda: 1)
        work = asyncio.create_task(batches.work())
        first = asyncio.create_task(batches.detect(0))
        await asyncio.sleep(0.03)
        await asyncio.gather(*map(batches.detect, range(1, 4)), first)
        work.cancel()
        return network.batches

    assert asyncio.run(one_after_the_other()) == [[0], [1, 2, 3]]
