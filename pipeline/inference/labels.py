"""What a detector finds in photos without labels becomes labels, as Pascal JSON."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.inference.detections import Detections

LABEL_SCORE = 0.3  # of a class whose own score is not known


def read_label_scores(path: Path) -> dict[str, float]:
    """Return by class the score above which a detection is worth a label.

    The evaluate stage chooses them on val. Where the file is absent nothing is known: `{}`.

    Raises:
        InputError: the file is something else.
    """
    try:
        scores = json.loads(path.read_text())
        return {str(name): float(score) for name, score in scores.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: not label scores by class ({error}); run the evaluate stage again"
        ) from None


def thresholds(classes: Sequence[str], label_scores: Mapping[str, float]) -> np.ndarray:
    """Return the score `(C,)` above which a detection of each class becomes a label."""
    scores = [label_scores.get(name, LABEL_SCORE) for name in classes]
    return np.array(scores, np.float32)


def write_pascal(
    path: Path,
    photos: Iterable[tuple[str, Detections | InputError]],
    classes: Sequence[str],
    min_scores: np.ndarray,
    refuse: Callable[[InputError], None],
) -> tuple[int, int]:
    """Write labels as Pascal JSON while detections come; return how many photos and boxes it has.

    Every annotation has its `score` besides; readers of labels may ignore it.

    Args:
        path: the file to write.
        photos: the `file_name` of each photo, and what was found in it or why nothing could be.
        classes: names in label order; category c + 1 is label c.
        min_scores: `(C,)` the score above which a detection of a class becomes a label.
        refuse: is called with the error of each photo that is left out.
    """
    images: list[dict[str, int | str]] = []
    boxes = 0
    with path.open("w") as file:
        file.write('{"annotations": [')
        for name, found in photos:
            if isinstance(found, InputError):
                refuse(found)
                continue
            width, height = found.size_wh
            images.append(
                {"id": len(images) + 1, "file_name": name, "width": width, "height": height}
            )
            for box, label, score in _labels(found, min_scores):
                boxes += 1
                annotation = _annotation(boxes, len(images), box, label, score)
                file.write(",\n" if boxes > 1 else "\n")
                file.write(json.dumps(annotation))
        categories = [{"id": label + 1, "name": name} for label, name in enumerate(classes)]
        rest = {"images": images, "categories": categories, "type": "instances"}
        file.write("],\n" + json.dumps(rest)[1:] + "\n")
    return len(images), boxes


def _labels(found: Detections, min_scores: np.ndarray) -> Iterator[tuple[list[float], int, float]]:
    """Yield xyxy, label and score of detections above `min_scores`; boxes are clipped."""
    limits = np.array(found.size_wh * 2, np.float32)
    boxes = np.clip(found.boxes, 0, limits).astype(float).round(2)
    kept = found.scores > min_scores[found.labels]
    kept &= (boxes[:, 2:] > boxes[:, :2]).all(1)
    yield from zip(
        boxes[kept].tolist(), found.labels[kept].tolist(), found.scores[kept].tolist(), strict=True
    )


def _annotation(
    number: int, image: int, box: list[float], label: int, score: float
) -> dict[str, int | float | list[float]]:
    left, top, right, bottom = box
    width, height = round(right - left, 2), round(bottom - top, 2)
    return {
        "id": number,
        "image_id": image,
        "category_id": label + 1,
        "bbox": [left, top, width, height],
        "area": round(width * height, 2),
        "iscrowd": 0,
        "ignore": 0,
        "score": round(score, 4),
    }
