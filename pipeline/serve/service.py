"""From uploads to responses: several threads decode photos, one runs the network on batches."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from pipeline.inference.detections import Detections
from pipeline.inference.detector import Detector
from pipeline.inference.photos import Square
from pipeline.processes import usable_cores
from pipeline.serve.answers import Health, PhotoAnswer, PhotoError, photo_answer
from pipeline.serve.batches import Batches
from pipeline.serve.limits import Limits, Refused
from pipeline.serve.metrics import Metrics
from pipeline.serve.slots import Slots
from pipeline.serve.squares import read_upload
from pipeline.serve.uploads import Upload

_MOST_DECODERS = 8  # each may hold a photo of the largest size


@dataclass(frozen=True)
class Served:
    """A model, and what the server says about it.

    Attributes:
        detector: its rung predicts both classes and boxes.
        source: where it came from.
        digest: of its description and weights.
        min_scores: `(C,)` the score above which a detection is returned, by class.
    """

    detector: Detector
    source: str
    digest: str
    min_scores: np.ndarray


class Service:
    """Detects objects in the photos of all requests.

    Args:
        served: the model.
        limits: on photos.
        wait: seconds that a photo waits for others to share its batch with.
    """

    def __init__(self, served: Served, limits: Limits, wait: float):
        self.served = served
        self.limits = limits
        self.metrics = Metrics()
        self.slots = Slots(limits.waiting, limits.waiting_bytes)
        self.metrics.waiting.set_function(lambda: self.slots.taken)
        # Parallel over photos, not within one: each decoder gives torch a single thread.
        workers = min(_MOST_DECODERS, usable_cores())
        self._decoders = ThreadPoolExecutor(workers, "decoder", torch.set_num_threads, (1,))
        self._batches = Batches(
            self._detect, served.detector.batch_size, wait, lambda: self.slots.taken
        )

    async def work(self) -> None:
        """Process batches until this is cancelled."""
        try:
            await self._batches.work()
        finally:
            self._decoders.shutdown(wait=False, cancel_futures=True)

    async def answer(
        self, uploads: Sequence[Upload], min_score: float | None
    ) -> list[PhotoAnswer | PhotoError]:
        """Return the answer for each photo.

        Args:
            uploads: one or more.
            min_score: which detections must exceed; None for the scores of the classes.

        Raises:
            Refused: there is a single photo, and it is refused.
        """
        found = await asyncio.gather(*map(self._found, uploads))
        refused = [one for one in found if isinstance(one, Refused)]
        self.metrics.photos.labels("refused").inc(len(refused))
        self.metrics.photos.labels("answered").inc(len(found) - len(refused))
        if refused and len(found) == 1:
            raise Refused(refused[0].status, f"{uploads[0].name}: {refused[0].reason}")
        min_scores = self.served.min_scores
        if min_score is not None:
            min_scores = np.full_like(min_scores, min_score)
        answers = [
            PhotoError(name=upload.name, error=one.reason)
            if isinstance(one, Refused)
            else photo_answer(upload.name, one, min_scores)
            for upload, one in zip(uploads, found, strict=True)
        ]
        for answer in answers:
            for one in answer.detections if isinstance(answer, PhotoAnswer) else ():
                self.metrics.detections.labels(one.label).inc()
        return answers

    async def _found(self, upload: Upload) -> Detections | Refused:
        if isinstance(upload.content, Refused):
            return upload.content
        side, most = self.served.detector.spec.image_size, self.limits.photo_pixels
        loop = asyncio.get_running_loop()
        try:
            square = await loop.run_in_executor(
                self._decoders, read_upload, upload.content, side, most
            )
        except Refused as refused:
            return refused
        return await self._batches.detect(square)

    def _detect(self, squares: Sequence[Square]) -> list[Detections]:
        start = time.perf_counter()
        found = self.served.detector.predict(
            [square.pixels for square in squares], [square.size_wh for square in squares]
        )
        self.metrics.batch_seconds.observe(time.perf_counter() - start)
        self.metrics.batch_photos.observe(len(squares))
        return found

    def health(self) -> Health:
        """Return what is served."""
        detector = self.served.detector
        scores = self.served.min_scores.tolist()
        return Health(
            status="ok",
            model=self.served.source,
            rung=detector.spec.rung,
            digest=self.served.digest,
            classes=detector.classes,
            image_size=detector.spec.image_size,
            device=detector.device.type,
            scores={
                name: round(score, 4) for name, score in zip(detector.classes, scores, strict=True)
            },
            lowest_score=detector.decoding.min_score,
            waiting=self.slots.taken,
        )
