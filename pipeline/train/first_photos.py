"""Detections in the first photos of val after each epoch, for pictures of the progress."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.rungs.rung import PhotoDetections
from pipeline.train.history import Found

_PHOTOS, _DETECTIONS = 6, 12
_MIN_SCORE = 0.2  # early epochs are not sure of anything


def found_in_first(detections: Sequence[PhotoDetections], side: int) -> list[list[Found]]:
    """Return the best detections in each of the first photos, rounded to three digits.

    Args:
        detections: of each photo, in the order of val.
        side: of the network's input, in whose pixels the boxes are.
    """
    return [_found(photo, side) for photo in detections[:_PHOTOS]]


def _found(photo: PhotoDetections, side: int) -> list[Found]:
    kept = torch.nonzero(photo.scores >= _MIN_SCORE)[:_DETECTIONS, 0]
    labels, scores = photo.labels[kept].tolist(), _rounded(photo.scores[kept])
    corners = _rounded(photo.boxes[kept] / side)
    return [(label, score, *box) for label, score, box in zip(labels, scores, corners, strict=True)]


def _rounded(values: Tensor) -> list:
    return values.double().mul(1000).round().div(1000).tolist()
