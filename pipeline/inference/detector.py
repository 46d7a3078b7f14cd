"""Photos in, boxes out: the one way from pixels to detections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pipeline.data.pixels import decode_photo, squash
from pipeline.models.device import choose_device
from pipeline.models.folding import fold_batch_norms
from pipeline.models.precision import autocast
from pipeline.rungs.registry import find_rung
from pipeline.rungs.rung import RungModel
from pipeline.rungs.saved_model import ModelSpec, load_model

Photo = Path | str | np.ndarray | Image.Image


@dataclass(frozen=True)
class Detections:
    """What was found in one photo.

    Attributes:
        boxes: `(K, 4)` float32 xyxy in pixels of the photo; NaN where the rung gives no box.
        labels: `(K,)` int64, 0..C-1; -1 where the rung gives no class.
        scores: `(K,)` float32 in 0..1, descending.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)


class Detector:
    """A trained rung, ready to be asked.

    Args:
        model: on its device, in evaluation mode; changed in place so that it is quicker and cannot
            be trained any more.
        spec: of the model.
        min_score: detections with this score or less are dropped.
        nms_threshold: of two boxes of a class with a higher IoU the lower-scored is dropped.
        max_detections: of one photo.
        label_scores: by class, the score above which a detection is kept, besides `min_score`.
        batch_size: photos in one forward pass.
    """

    def __init__(
        self,
        model: RungModel,
        spec: ModelSpec,
        *,
        min_score: float = 0.05,
        nms_threshold: float = 0.5,
        max_detections: int = 100,
        label_scores: Mapping[str, float] | None = None,
        batch_size: int = 32,
    ):
        self.spec = spec
        self.device = next(model.parameters()).device
        self.batch_size = batch_size
        self._model = prepare_for_inference(model, spec.image_size)
        self._rung = find_rung(spec.rung)
        self._decoding = {
            "min_score": min_score,
            "nms_threshold": nms_threshold,
            "max_detections": max_detections,
        }
        self._label_scores = label_scores or {}

    @classmethod
    def load(cls, folder: Path | str, device: str = "auto", **options: float) -> "Detector":
        """Return the detector of a model folder."""
        model, spec = load_model(Path(folder), choose_device(device))
        return cls(model, spec, **options)

    def predict(
        self, photos: Sequence[Photo], sizes_wh: Sequence[tuple[int, int]] | None = None
    ) -> list[Detections]:
        """Return the detections of each photo, in their order.

        Args:
            photos: paths, `(height, width, 3)` uint8 RGB arrays or PIL images.
            sizes_wh: width and height that boxes refer to, where photos are stored at another
                size, as in the pixel store; by default their own.
        """
        return list(self.stream(photos, sizes_wh))

    def stream(
        self, photos: Sequence[Photo], sizes_wh: Sequence[tuple[int, int]] | None = None
    ) -> Iterator[Detections]:
        """Yield what `predict` returns, batch by batch, with flat memory."""
        for at in range(0, len(photos), self.batch_size):
            pixels = [_pixels(photo) for photo in photos[at : at + self.batch_size]]
            sizes = (
                [(photo.shape[2], photo.shape[1]) for photo in pixels]
                if sizes_wh is None
                else sizes_wh[at : at + self.batch_size]
            )
            squares = np.stack([squash(photo, self.spec.image_size) for photo in pixels])
            yield from self._detect(squares, sizes)

    @torch.inference_mode()
    def _detect(
        self, squares: np.ndarray, sizes_wh: Sequence[tuple[int, int]]
    ) -> Iterator[Detections]:
        images = torch.from_numpy(squares).to(self.device).permute(0, 3, 1, 2).float() / 255
        mean, std = (
            torch.tensor(value, device=self.device).view(1, 3, 1, 1)
            for value in (self.spec.mean, self.spec.std)
        )
        images = ((images - mean) / std).contiguous(memory_format=torch.channels_last)
        with autocast(self.device, self.spec.precision):
            outputs = self._model(images)
        side = self.spec.image_size
        found = self._rung.decode(outputs, image_size=side, **self._decoding)
        for one, (width, height) in zip(found, sizes_wh, strict=True):
            boxes = one.boxes.numpy() * (np.array([width, height] * 2, np.float32) / side)
            yield Detections(boxes, one.labels.numpy(), one.scores.numpy())


def prepare_for_inference(model: RungModel, image_size: int) -> RungModel:
    """Return a model in evaluation mode, changed in place: quicker, but for good."""
    device = next(model.parameters()).device
    return fold_batch_norms(model, torch.zeros(1, 3, image_size, image_size, device=device))


def _pixels(photo: Photo) -> Tensor:
    """Return `(3, height, width)` uint8 of a photo in any form."""
    if isinstance(photo, Path | str):
        return decode_photo(Path(photo))
    if isinstance(photo, Image.Image):
        photo = np.array(photo.convert("RGB"))
    return torch.from_numpy(photo).permute(2, 0, 1)
