"""Step 8: a trained rung looks at photos without labels, and what it sees becomes labels."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import torch
from torch import nn

from pipeline.errors import InputError
from pipeline.inference.detector import detect
from pipeline.inference.photo_stream import PhotoBatch, stream_photos
from pipeline.rungs.saved_model import LABEL_SCORE, ModelSpec


@torch.inference_mode()
def detect_photos(
    paths: Sequence[Path],
    model: nn.Module,
    card: ModelSpec,
    *,
    batch_size: int,
    score: float | None,
    nms_threshold: float,
    max_detections: int,
) -> Iterator[tuple[PhotoBatch, list[dict]]]:
    """Yield batches of photos and, for each photo, its detections in pixels of the photo.

    Args:
        paths: the photos.
        model: at rest, on its device.
        card: the model's.
        batch_size: photos that are in memory at a time.
        score: detections with this score or less are dropped; None takes the card's, by class.
        nms_threshold: of two boxes of a class with a higher IoU the lower-scored is dropped.
        max_detections: of one photo.

    Raises:
        InputError: the rung does not say both what and where.
    """
    if card.rung in ("classifier", "bbox"):
        raise InputError(f"{card.rung}: says not both what and where; label with another rung")
    least = torch.tensor(
        [
            card.label_scores.get(name, LABEL_SCORE) if score is None else score
            for name in card.classes
        ]
    )
    stream = stream_photos(
        paths,
        image_size=card.image_size,
        batch_size=batch_size,
        mean=card.mean,
        std=card.std,
        device=next(model.parameters()).device,
    )
    for batch in stream:
        found = []
        if batch.paths:
            found = detect(
                model,
                card,
                batch.images,
                score_threshold=float(least.min()),
                nms_threshold=nms_threshold,
                max_detections=max_detections,
            )
        scales = torch.from_numpy(batch.sizes_wh).float() / card.image_size
        pairs = zip(found, scales, strict=True)
        yield batch, [_on_photo(one, scale, least) for one, scale in pairs]


def _on_photo(found: dict, scale_wh: torch.Tensor, least: torch.Tensor) -> dict:
    """Return the detections above the least score `(C,)` of their class."""
    kept = found["scores"] > least[found["labels"]]
    return {
        "boxes": found["boxes"][kept] * scale_wh.repeat(2),
        "labels": found["labels"][kept],
        "scores": found["scores"][kept],
    }


def write_pascal(
    path: Path,
    detected: Iterable[tuple[PhotoBatch, list[dict]]],
    classes: Sequence[str],
    folder: Path,
    refuse: Callable[[str], None],
) -> tuple[int, int]:
    """Write detections as Pascal JSON, while they come; return how many photos and boxes it has.

    Every annotation has its `score` besides; who reads the file as labels may ignore it.

    Args:
        path: the file to write.
        detected: of `detect_photos`.
        classes: names in label order; category c + 1 is label c.
        folder: which `file_name` is relative to.
        refuse: hears what is wrong with a photo that is left out.
    """
    images: list[dict] = []
    boxes = 0
    with path.open("w") as file:
        file.write('{"annotations": [')
        for batch, found in detected:
            for line in batch.refused:
                refuse(line)
            for photo, size, one in zip(batch.paths, batch.sizes_wh.tolist(), found, strict=True):
                name = photo.relative_to(folder).as_posix()
                image = dict(zip(("width", "height"), size, strict=True))
                images.append({"id": len(images) + 1, "file_name": name, **image})
                for item in _annotations(one, len(images), size):
                    boxes += 1
                    file.write(",\n" if boxes > 1 else "\n")
                    file.write(json.dumps({"id": boxes, **item}))
        categories = [{"id": label + 1, "name": name} for label, name in enumerate(classes)]
        rest = {"images": images, "categories": categories, "type": "instances"}
        file.write("],\n" + json.dumps(rest)[1:] + "\n")
    return len(images), boxes


def _annotations(found: dict, image_id: int, size_wh: list[int]) -> Iterator[dict]:
    """Yield the annotations of a photo; a box is cut to it, and one without area is none."""
    limits = torch.tensor([*size_wh, *size_wh])
    rows = zip(found["boxes"], found["labels"].tolist(), found["scores"].tolist(), strict=True)
    for box, label, score in rows:
        left, top, right, bottom = (
            torch.minimum(box.clamp(min=0), limits).round(decimals=2).tolist()
        )
        width, height = round(right - left, 2), round(bottom - top, 2)
        if width > 0 and height > 0:
            yield {
                "image_id": image_id,
                "category_id": label + 1,
                "bbox": [left, top, width, height],
                "area": round(width * height, 2),
                "iscrowd": 0,
                "ignore": 0,
                "score": round(score, 4),
            }
