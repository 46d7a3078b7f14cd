"""mAP per epoch, compared with the evaluation's own code."""

import math

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from pipeline.data.batches import Batch
from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.voc_ap import voc_average_precision
from pipeline.rungs.rung import PhotoDetections
from pipeline.train.ranking import Ranking

CLASSES = 3


def boxes_of(count: int, generator: torch.Generator) -> torch.Tensor:
    corner = torch.rand(count, 2, generator=generator) * 40
    return torch.cat([corner, corner + 5 + torch.rand(count, 2, generator=generator) * 40], 1)


def photo(generator: torch.Generator) -> tuple[PhotoDetections, torch.Tensor, torch.Tensor]:
    """Detections, most of them near an object, and boxes and labels of the objects; or none."""
    objects, found = torch.randint(0, 6, (2,), generator=generator).tolist()
    theirs = boxes_of(objects, generator)
    labels = torch.randint(CLASSES, (objects,), generator=generator)
    ours, our_labels = (
        boxes_of(found, generator),
        torch.randint(CLASSES, (found,), generator=generator),
    )
    if objects:
        near = torch.randint(objects, (found,), generator=generator)
        moved = theirs[near] + torch.rand(found, 4, generator=generator) * 4
        is_near = torch.rand(found, generator=generator) < 0.8
        ours = moved.where(is_near[:, None], ours)
        our_labels = labels[near].where(is_near, our_labels)
    scores = torch.rand(found, generator=generator).sort(descending=True).values
    return PhotoDetections(ours, our_labels, scores), theirs, labels


def batch_of(boxes: list[torch.Tensor], labels: list[torch.Tensor], ignore: torch.Tensor) -> Batch:
    padded = pad_sequence(labels, True, padding_value=-1)
    return Batch(
        torch.zeros(len(boxes), 3, 8, 8),
        pad_sequence(boxes, True),
        padded,
        ignore[:, : padded.shape[1]] & (padded >= 0),
        torch.ones_like(padded, dtype=torch.float32),
        torch.arange(len(boxes)),
    )


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_evaluation_s_own_figure(seed):
    generator = torch.Generator().manual_seed(seed)
    ranking, found, truth = Ranking(), [], []
    number = 0
    for size in (4, 7, 1):
        photos = [photo(generator) for _ in range(size)]
        ignore = torch.rand(size, 9, generator=generator) < 0.2
        batch = batch_of([boxes for _, boxes, _ in photos], [one for *_, one in photos], ignore)
        ranking.add([one for one, _, _ in photos], batch)
        for row, (one, boxes, labels) in enumerate(photos):
            found.append((np.full(len(one.labels), number), one.boxes, one.labels, one.scores))
            truth.append((np.full(len(labels), number), boxes, labels, ignore[row, : len(labels)]))
            number += 1
    photos, boxes, labels, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
    detections = Detections(photos, boxes.astype(np.float64), labels, scores)
    photos, boxes, labels, ignored = (np.concatenate(parts) for parts in zip(*truth, strict=True))
    objects = Truth(photos, boxes.astype(np.float64), labels, ignored)
    expected = voc_average_precision(objects, detections, CLASSES).mean_ap
    assert 0 < expected < 1
    assert ranking.mean_average_precision() == pytest.approx(expected, abs=1e-6)


def test_nothing_found_and_nothing_to_find():
    nothing = PhotoDetections(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0))
    box, label = torch.tensor([[1.0, 1, 5, 5]]), torch.tensor([0])
    ranking = Ranking()
    ranking.add([nothing], batch_of([box], [label], torch.zeros(1, 1, dtype=torch.bool)))
    assert ranking.mean_average_precision() == 0
    ranking = Ranking()
    found = PhotoDetections(box, label, torch.tensor([0.9]))
    ranking.add([found], batch_of([box[:0]], [label[:0]], torch.zeros(1, 0, dtype=torch.bool)))
    assert ranking.mean_average_precision() == 0
    assert math.isfinite(ranking.mean_average_precision())
