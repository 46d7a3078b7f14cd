"""Batching: photos of concurrent requests go through the network together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

Photo = TypeVar("Photo")
Found = TypeVar("Found")


@dataclass(frozen=True)
class _Waiting(Generic[Photo, Found]):
    photo: Photo
    found: asyncio.Future[Found]


class Batches(Generic[Photo, Found]):
    """Gathers photos into batches, which a single thread processes one after the other.

    While the network is busy, photos accumulate. When it is idle, a photo waits a moment for
    others, but only if others are on their way.

    Args:
        detect: takes a batch, in the thread, and returns what is found in each of its photos.
        size: the most photos in a batch.
        wait: how many seconds to wait for others.
        on_their_way: returns how many photos are unanswered, including those in the batch.
    """

    def __init__(
        self,
        detect: Callable[[Sequence[Photo]], Sequence[Found]],
        size: int,
        wait: float,
        on_their_way: Callable[[], int],
    ):
        self._detect = detect
        self._size = size
        self._wait = wait
        self._on_their_way = on_their_way
        self._queue: asyncio.Queue[_Waiting[Photo, Found]] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="network")

    async def detect(self, photo: Photo) -> Found:
        """Return what is found in a photo, which becomes part of a batch.

        Raises:
            Exception: whatever `detect` raises for that batch.
        """
        waiting = _Waiting[Photo, Found](photo, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(waiting)
        return await waiting.found

    async def work(self) -> None:
        """Process batch after batch until this is cancelled."""
        try:
            while True:
                await self._answer(await self._gather())
        finally:
            self._thread.shutdown(wait=False)

    async def _gather(self) -> list[_Waiting[Photo, Found]]:
        batch = [await self._queue.get()]
        try:
            async with asyncio.timeout(self._wait):
                while len(batch) < self._size and self._is_more_to_come(len(batch)):
                    batch.append(await self._queue.get())
        except TimeoutError:
            pass
        return batch

    def _is_more_to_come(self, in_hand: int) -> bool:
        return not self._queue.empty() or self._on_their_way() > in_hand

    async def _answer(self, batch: Sequence[_Waiting[Photo, Found]]) -> None:
        photos = [waiting.photo for waiting in batch]
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.run_in_executor(self._thread, self._detect, photos)
            if len(answers) != len(photos):
                raise ValueError(f"{len(answers)} answers for {len(photos)} photos")
        except Exception as error:  # it concerns only this batch
            for waiting in batch:
                if not waiting.found.done():
                    waiting.found.set_exception(error)
            return
        for waiting, found in zip(batch, answers, strict=True):
            if not waiting.found.done():  # its request may have been cancelled
                waiting.found.set_result(found)
