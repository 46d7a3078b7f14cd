"""`python -m benchmarks.suppression`: alternatives to hard suppression.

Gaussian soft suppression (arXiv:1704.04503), boxes that are the mean of those they suppress, other
thresholds, and flipped copies of the photos. Run it in a project whose rung is trained; each
alternative is measured on val, with an interval of a paired bootstrap over the photos.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor
from torchvision.ops import box_iou, nms

from benchmarks.ablate.outcome import Outcome, compare
from benchmarks.measure import machine
from pipeline.compare.common_photos import CommonPhotos, LeftOut
from pipeline.data.inputs import Inputs, read_inputs
from pipeline.export.photos import rows_of
from pipeline.files import MODELS
from pipeline.inference.detector import Detector
from pipeline.inference.photos import read_square
from pipeline.memory import keep_freed_memory
from pipeline.predictions import predictions_table
from pipeline.tasks import Task

RESULT = Path("benchmarks/results/suppression.json")
MIN_SCORE, CANDIDATES, KEPT, BATCH = 0.01, 400, 100, 32

# Boxes `(K, 4)`, scores `(K,)` and labels `(K,)` of one photo.
Found = tuple[Tensor, Tensor, Tensor]


class InPhoto(NamedTuple):
    """What was found in one photo, boxes in its pixels."""

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def hard(found: Found, threshold: float) -> Found:
    """Return the boxes left by the project's suppression within each class."""
    boxes, scores, labels = found
    apart = boxes + (labels * (boxes.max() + 1))[:, None] if len(boxes) else boxes
    kept = nms(apart, scores, threshold)[:KEPT]
    return boxes[kept], scores[kept], labels[kept]


def averaged(found: Found, threshold: float, alike: float) -> Found:
    """Return `hard`, each box the score-weighted mean of its class's boxes above `alike` in IoU."""
    boxes, scores, labels = found
    kept_boxes, kept_scores, kept_labels = hard(found, threshold)
    same = (box_iou(kept_boxes, boxes) > alike) & (kept_labels[:, None] == labels)
    weights = same * scores
    return weights @ boxes / weights.sum(1, keepdim=True), kept_scores, kept_labels


def soft(found: Found, sigma: float) -> Found:
    """Return all boxes with scores that fall by `exp(-iou ** 2 / sigma)` for each better one."""
    boxes, scores, labels = found
    overlap = box_iou(boxes, boxes) * (labels[:, None] == labels)
    left, kept, kept_scores = scores.clone(), [], []
    while len(kept) < 2 * KEPT and len(left) and float(left.max()) > MIN_SCORE:
        best = int(left.argmax())
        kept.append(best)
        kept_scores.append(float(left[best]))
        left = left * torch.exp(-(overlap[best] ** 2) / sigma)
        left[best] = 0
    chosen, falling = torch.tensor(kept, dtype=torch.long), torch.tensor(kept_scores)
    order = falling.argsort(descending=True)[:KEPT]
    return boxes[chosen[order]], falling[order], labels[chosen[order]]


WAYS: dict[str, Callable[[Found], Found]] = {
    "threshold .45": lambda found: hard(found, 0.45),
    "threshold .55": lambda found: hard(found, 0.55),
    "threshold .6": lambda found: hard(found, 0.6),
    "mean of alike boxes": lambda found: averaged(found, 0.5, 0.7),
    "Gaussian, sigma .3": lambda found: soft(found, 0.3),
    "Gaussian, sigma .5": lambda found: soft(found, 0.5),
}


def candidates(detector: Detector, pixels: np.ndarray, flipped: bool) -> list[Found]:
    """Return the best-scored boxes of each photo, those of its mirror image flipped back."""
    side = detector.spec.image_size
    outputs = detector.engine.run(np.ascontiguousarray(pixels[:, :, ::-1]) if flipped else pixels)
    boxes = outputs["boxes"].float().clamp(0, side)
    if flipped:
        left, top, right, bottom = boxes.unbind(-1)
        boxes = torch.stack([side - right, top, side - left, bottom], -1)
    return [
        _best(*each) for each in zip(boxes, outputs["cls_logits"].float().sigmoid(), strict=True)
    ]


def _best(boxes: Tensor, scores: Tensor) -> Found:
    anchors, labels = torch.where(scores > MIN_SCORE)
    chosen = scores[anchors, labels]
    chosen, order = chosen.topk(min(CANDIDATES, len(chosen)))
    return boxes[anchors[order]], chosen, labels[order]


def candidates_of_val(detector: Detector, inputs: Inputs) -> tuple[list[Found], list[Found]]:
    """Return the candidates of every photo of val, as it is and mirrored."""
    rows, side = rows_of(inputs, "val"), detector.spec.image_size
    plain: list[Found] = []
    mirrored: list[Found] = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        pixels = np.stack([read_square(inputs.pixels[row], int(row), side).pixels for row in batch])
        plain += candidates(detector, pixels, flipped=False)
        mirrored += candidates(detector, pixels, flipped=True)
    return plain, mirrored


def with_mirrored(plain: Found, mirrored: Found) -> Found:
    """Return the candidates of a photo and of its mirror image together."""
    boxes, scores, labels = map(torch.cat, zip(plain, mirrored, strict=True))
    return boxes, scores, labels


def measured(detector: Detector, inputs: Inputs) -> list[Outcome]:
    """Return each alternative to hard suppression at an IoU of .5."""
    photos = inputs.images.take(rows_of(inputs, "val"))
    wanted = pc.is_in(inputs.objects["image_id"], photos["image_id"].combine_chunks())
    truth = inputs.objects.filter(wanted)
    plain, mirrored = candidates_of_val(detector, inputs)
    now = predictions(detector, photos, [hard(found, 0.5) for found in plain])
    both = [with_mirrored(*pair) for pair in zip(plain, mirrored, strict=True)]
    others = {name: [way(found) for found in plain] for name, way in WAYS.items()}
    others["flipped copies"] = [hard(found, 0.5) for found in both]
    tasks, names = (Task.DETECT, Task.DETECT), (detector.spec.rung,) * 2
    outcomes = []
    for name, found in others.items():
        sides = (now, predictions(detector, photos, found))
        common = CommonPhotos(names, tasks, detector.classes, photos, truth, sides, LeftOut())
        outcomes += compare(name, [common])
    return outcomes


def predictions(detector: Detector, photos: pa.Table, found: list[Found]) -> pa.Table:
    """Return the detections as a predictions table."""
    sizes = np.stack([photos["width"].to_numpy(), photos["height"].to_numpy()] * 2, -1)
    scales = sizes / detector.spec.image_size
    in_photos = [
        InPhoto(boxes.numpy() * scale, labels.numpy(), scores.numpy())
        for (boxes, scores, labels), scale in zip(found, scales, strict=True)
    ]
    return predictions_table(photos, in_photos, classes=detector.classes, task=Task.DETECT)


def main() -> None:
    """Measure all ways, print them as Markdown and write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suppression", description=__doc__)
    parser.add_argument("--rung", default="ssd_fpn", help="(ssd_fpn)")
    options = parser.parse_args()
    keep_freed_memory()
    start = time.monotonic()
    outcomes = measured(Detector.load(MODELS / options.rung), read_inputs(Task.DETECT))
    content = {
        "machine": machine(),
        "rung": options.rung,
        "rows": [asdict(one) for one in outcomes],
    }
    RESULT.write_text(json.dumps(content, indent=1) + "\n")
    print("| instead of hard, .5 | mAP@.5 | change | 95 % over photos |\n|---|--:|--:|--:|")
    for one in outcomes:
        change = f"{one.value - one.baseline:+.3f}"
        print(f"| {one.change} | {one.value:.3f} | {change} | {one.low:+.3f} to {one.high:+.3f} |")
    print(f"beside {outcomes[0].baseline:.3f}; {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
