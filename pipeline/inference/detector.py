"""Photos in, boxes out: the one way from pixels to detections."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice, repeat
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL import Image

from pipeline.errors import InputError
from pipeline.inference.detections import Detections
from pipeline.inference.engines.engine import Engine
from pipeline.inference.engines.load import load_engine
from pipeline.inference.mlflow_model import is_mlflow_uri, mlflow_model
from pipeline.inference.photos import Photo, Square, read_square
from pipeline.params.params import PredictParams
from pipeline.rungs.registry import find_rung
from pipeline.rungs.rung import PhotoDetections

SizeWh = tuple[int, int]
DECODING = PredictParams(min_score=0.05, nms_threshold=0.5, max_detections=100)
_BATCHES_AHEAD = 1


class Detector:
    """A trained rung that takes photos in any form and returns boxes in their pixels.

    ```python
    detector = Detector.load("models/ssd_fpn")
    for found in detector.predict(["street.jpg"]):
        for box, name, score in zip(found.boxes, found.names, found.scores):
            print(name, box, score)
        found.above(0.3).draw().save("street-boxes.png")
    ```

    Args:
        engine: runs the network.
        decoding: which of the network's outputs become detections.
        batch_size: photos in one forward pass, 1 or more.

    Raises:
        InputError: `batch_size` is below 1.
    """

    def __init__(self, engine: Engine, *, decoding: PredictParams = DECODING, batch_size: int = 32):
        if batch_size < 1:
            raise InputError(f"batch_size: {batch_size} is below 1")
        self.engine = engine
        self.spec = engine.spec
        self.device = engine.device
        self.decoding = decoding
        self.batch_size = batch_size
        self._rung = find_rung(self.spec.rung)

    @classmethod
    def load(
        cls,
        source: Path | str,
        *,
        device: str = "auto",
        decoding: PredictParams = DECODING,
        batch_size: int = 32,
        tracking_uri: str | None = None,
    ) -> Self:
        """Return the detector of a trained model.

        Args:
            source: a folder of the train stage, a file of `ladder export`, or the URI of a model in
                MLflow, such as `models:/NAME@ALIAS`, `models:/NAME/VERSION` or
                `runs:/RUN_ID/model`.
            device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`; exported files run on the CPU.
            decoding: see the class.
            batch_size: see the class.
            tracking_uri: of the MLflow store; by default MLflow's own choice.

        Raises:
            InputError: there is no such model, or one of its files is damaged.
        """
        if is_mlflow_uri(source):
            with mlflow_model(str(source), tracking_uri) as folder:
                engine = load_engine(folder, device)
        else:
            engine = load_engine(Path(source), device)
        return cls(engine, decoding=decoding, batch_size=batch_size)

    @property
    def classes(self) -> list[str]:
        """The names of the classes, in the order of the labels."""
        return self.spec.classes

    def predict(
        self, photos: Iterable[Photo], sizes_wh: Iterable[SizeWh] | None = None
    ) -> list[Detections]:
        """Return the detections of each photo, in the order of the photos.

        Args:
            photos: paths, `(height, width, 3)` uint8 RGB arrays or PIL images.
            sizes_wh: width and height in pixels to which the boxes of each photo are scaled; by
                default the photo's own. For photos at another size, such as in the pixel store.

        Raises:
            InputError: a photo is missing or does not decode; the message names it.
        """
        return list(self.stream(photos, sizes_wh))

    def stream(
        self, photos: Iterable[Photo], sizes_wh: Iterable[SizeWh] | None = None
    ) -> Iterator[Detections]:
        """Yield what `predict` returns, in memory that does not grow with the number of photos."""
        for found in self.stream_all(photos, sizes_wh):
            if isinstance(found, InputError):
                raise found
            yield found

    def stream_all(
        self, photos: Iterable[Photo], sizes_wh: Iterable[SizeWh] | None = None
    ) -> Iterator[Detections | InputError]:
        """Yield for each photo its detections, or the error that explains why there are none.

        Threads decode the next batch while the network works on this one.
        """
        if isinstance(photos, str | Path | Image.Image):  # the letters of a path are strings, too
            raise InputError(f"{photos}: is one photo; give a list of photos")
        sizes = repeat(None) if sizes_wh is None else sizes_wh
        numbered = enumerate(zip(photos, sizes, strict=sizes_wh is not None))
        # More than cores, as some wait for the disk or for S3; few if torch has been given few.
        readers = min(32, torch.get_num_threads() + 4)
        with ThreadPoolExecutor(readers, initializer=torch.set_num_threads, initargs=(1,)) as pool:

            def read(item: tuple[int, tuple[Photo, SizeWh | None]]) -> Future[Square | InputError]:
                number, (photo, size_wh) = item
                return pool.submit(self._read, photo, number, size_wh)

            reading: deque[list[Future[Square | InputError]]] = deque()
            try:
                while batch := list(map(read, islice(numbered, self.batch_size))):
                    reading.append(batch)
                    if len(reading) > _BATCHES_AHEAD:
                        yield from self._in_order([one.result() for one in reading.popleft()])
                while reading:
                    yield from self._in_order([one.result() for one in reading.popleft()])
            finally:
                pool.shutdown(cancel_futures=True)

    def _read(self, photo: Photo, number: int, size_wh: SizeWh | None) -> Square | InputError:
        try:
            square = read_square(photo, number, self.spec.image_size)
        except InputError as error:
            return error
        return square if size_wh is None else replace(square, size_wh=size_wh)

    def _in_order(self, batch: list[Square | InputError]) -> Iterator[Detections | InputError]:
        found = self._detect([item for item in batch if isinstance(item, Square)])
        for item in batch:
            yield next(found) if isinstance(item, Square) else item

    def _detect(self, squares: list[Square]) -> Iterator[Detections]:
        """Return the detections of one batch of squares, on the scale of their photos."""
        if not squares:
            return iter(())
        outputs = self.engine.run(np.stack([one.pixels for one in squares]))
        side = self.spec.image_size
        decoded = self._rung.decode(outputs, image_size=side, **self.decoding.model_dump())
        return map(partial(_on_photo, side=side, classes=self.classes), decoded, squares)


def _on_photo(found: PhotoDetections, square: Square, side: int, classes: list[str]) -> Detections:
    scale = np.array(square.size_wh * 2, np.float32) / side
    boxes = found.boxes.float().numpy() * scale
    return Detections(
        square.photo, boxes, found.labels.numpy(), found.scores.numpy(), square.size_wh, classes
    )
