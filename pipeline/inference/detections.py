"""What a detector finds in one photo."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.transforms.v2.functional import to_pil_image
from torchvision.utils import draw_bounding_boxes

from pipeline.formats.pascal.parts import new_annotation, new_pascal
from pipeline.inference.label_boxes import label_boxes
from pipeline.inference.photos import Photo, pixels_of

_LINE_SHARE = 200  # pixels of the longer side per pixel of line width


@dataclass(frozen=True)
class Detections:
    """What was found in one photo, the most certain first.

    Attributes:
        photo: as it was given.
        boxes: `(K, 4)` float32 xyxy in pixels of the photo; NaN where the rung gives no box.
        labels: `(K,)` int64, 0..C-1; -1 where the rung gives no class.
        scores: `(K,)` float32 in 0..1, descending.
        size_wh: width and height that the boxes refer to, in pixels.
        classes: the names of all classes, in the order of the labels.
    """

    photo: Photo
    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    size_wh: tuple[int, int]
    classes: list[str]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def names(self) -> list[str]:
        """The class name of each detection; empty where the rung gives no class."""
        return [self.classes[label] if label >= 0 else "" for label in self.labels]

    def above(self, score: float) -> "Detections":
        """Return the detections with a higher score than this."""
        kept = self.scores > score
        return Detections(
            self.photo,
            self.boxes[kept],
            self.labels[kept],
            self.scores[kept],
            self.size_wh,
            self.classes,
        )

    def to_pascal(self) -> dict:
        """Return Pascal JSON (COCO style) of this photo, with the `score` of each annotation.

        Detections without a class, or whose box cannot be a label, are left out; boxes are clipped
        to the photo and rounded to two digits, see `label_boxes`.
        """
        width, height = self.size_wh
        path = getattr(self.photo, "filename", self.photo)
        name = Path(path).name if isinstance(path, str | Path) else ""
        image = {"id": 1, "file_name": name, "width": width, "height": height}
        boxes, has_area = label_boxes(self.boxes.astype(float), np.array(self.size_wh))
        annotations: list[dict] = []
        for row in np.flatnonzero(has_area & (self.labels >= 0)):
            box, label = boxes[row].tolist(), int(self.labels[row])
            annotation = new_annotation(len(annotations) + 1, 1, label + 1, box, 0)
            annotations.append(annotation | {"score": round(float(self.scores[row]), 4)})
        return new_pascal([image], annotations, self.classes, "object")

    def draw(self) -> Image.Image:
        """Return the photo with each box and its class and score.

        Raises:
            InputError: the photo cannot be read again.
        """
        pixels = pixels_of(self.photo)
        size = torch.tensor([pixels.shape[2], pixels.shape[1]] * 2)
        boxes = torch.from_numpy(self.boxes) * size / torch.tensor(self.size_wh * 2)
        drawn = (boxes[:, 2:] > boxes[:, :2]).all(1)  # not NaN
        words = [f"{name} {score:.2f}" for name, score in zip(self.names, self.scores, strict=True)]
        if drawn.any():
            pixels = draw_bounding_boxes(
                pixels,
                boxes[drawn],
                [word for word, there in zip(words, drawn, strict=True) if there],
                colors="red",
                width=max(1, max(pixels.shape) // _LINE_SHARE),
                label_colors="white",
                fill_labels=True,
            )
        return to_pil_image(pixels)
