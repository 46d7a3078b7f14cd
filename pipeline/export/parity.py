"""Compares the predictions of an exported file with those of torch."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from pipeline.inference.engines.engine import Engine
from pipeline.inference.engines.onnx_engine import INPUT
from pipeline.params.params import PredictParams
from pipeline.progress import progress
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.registry import find_rung
from pipeline.rungs.rung import Outputs, PhotoDetections

if TYPE_CHECKING:
    import onnxruntime

# Of logits, and of coordinates as shares of the side; float32 itself is precise to 1e-7.
MAX_DIFFERENCE = 1e-4
# An IoU or a score can lie so near its threshold that rounding decides; more is a defect.
_MAX_OTHER_SHARE = 0.02
_BATCH = 16


@dataclass(frozen=True)
class Parity:
    """How a file's predictions differ from torch's.

    Attributes:
        photos: how many were compared.
        difference: the largest of the raw outputs; None if the file does not return them.
        other: in how many photos the boxes after suppression differ.
    """

    photos: int
    difference: float | None
    other: int

    @property
    def holds(self) -> bool:
        """Whether rounding explains the differences."""
        near = self.difference is None or self.difference <= MAX_DIFFERENCE
        return near and self.other <= self.photos * _MAX_OTHER_SHARE

    def __str__(self) -> str:
        same = f"same boxes in {self.photos - self.other} of {self.photos} photos"
        if self.difference is None:
            return same
        return f"raw outputs differ by {self.difference:.1g} at most, {same}"


def compare(
    engine: Engine, reference: Engine, pixels: np.ndarray, decoding: PredictParams
) -> Parity:
    """Return how the raw outputs of an engine, and the detections decoded from them, differ.

    Args:
        engine: of the file.
        reference: the same network in torch, in float32.
        pixels: `(N, S, S, 3)` uint8 RGB.
        decoding: which outputs become detections.
    """
    spec, difference, other = reference.spec, 0.0, 0
    for batch in _batches(pixels):
        outputs, expected = engine.run(batch), reference.run(batch)
        difference = max(difference, raw_difference(outputs, expected, spec.image_size))
        pairs = zip(
            decoded(outputs, spec, decoding), decoded(expected, spec, decoding), strict=True
        )
        other += sum(not same_detections(*pair, spec.image_size) for pair in pairs)
    return Parity(len(pixels), difference, other)


def compare_suppressed(
    path: Path, reference: Engine, pixels: np.ndarray, decoding: PredictParams
) -> Parity:
    """Return how the detections of an ONNX file with suppression inside differ; see `compare`."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    spec, other = reference.spec, 0
    for batch in _batches(pixels):
        expected = decoded(reference.run(batch), spec, decoding)
        pairs = zip(suppressed(session, batch), expected, strict=True)
        other += sum(not same_detections(*pair, spec.image_size) for pair in pairs)
    return Parity(len(pixels), None, other)


def suppressed(
    session: "onnxruntime.InferenceSession", pixels: np.ndarray
) -> list[PhotoDetections]:
    """Return the detections of a file with suppression inside."""
    names = [output.name for output in session.get_outputs()]
    values = map(np.atleast_1d, session.run(names, {INPUT: pixels}))
    held = dict(zip(names, map(torch.from_numpy, values), strict=True))
    count = held.pop("count", None)
    if count is None:  # for the largest object there is no dimension of detections
        held = {name: value[:, None] for name, value in held.items()}
        count = torch.ones(len(pixels), dtype=torch.int64)
    rows = tuple(next(iter(held.values())).shape[:2])
    boxes = held.get("boxes", torch.full((*rows, 4), torch.nan))
    labels, scores = held.get("labels", torch.full(rows, -1)), held.get("scores", torch.ones(rows))
    return [
        PhotoDetections(boxes[photo, :kept], labels[photo, :kept], scores[photo, :kept])
        for photo, kept in enumerate(count.tolist())
    ]


def decoded(outputs: Outputs, spec: ModelSpec, decoding: PredictParams) -> list[PhotoDetections]:
    """Return the detections that a rung decodes from its outputs."""
    rung = find_rung(spec.rung)
    return rung.decode(outputs, image_size=spec.image_size, **decoding.model_dump())


def raw_difference(outputs: Outputs, expected: Outputs, side: int) -> float:
    """Return the largest difference of logits, and of coordinates as shares of the side."""
    if outputs.keys() != expected.keys():
        return float("inf")
    differences = []
    for name, values in expected.items():
        apart = (outputs[name].cpu() - values.cpu()).abs().nan_to_num(nan=float("inf"))
        differences.append(float(apart.max()) / (side if name == "boxes" else 1))
    return max(differences)


def same_detections(found: PhotoDetections, expected: PhotoDetections, side: int) -> bool:
    """Return whether two lists of detections are the same, in any order.

    Labels must be equal; scores, and coordinates as shares of the side, may differ by rounding.
    """
    if len(found.scores) != len(expected.scores):
        return False
    if not len(found.scores):
        return True
    apart = (found.boxes[:, None] - expected.boxes[None]).abs().nan_to_num(0).amax(-1) / side
    scores = (found.scores[:, None] - expected.scores[None]).abs()
    equal = (apart < MAX_DIFFERENCE) & (scores < MAX_DIFFERENCE)
    equal &= found.labels[:, None] == expected.labels[None]
    return bool(equal.any(0).all() and equal.any(1).all())


def in_float32(spec: ModelSpec) -> ModelSpec:
    """Return a spec whose model computes in float32, as exported files do."""
    return replace(spec, precision="float32")


def _batches(pixels: np.ndarray) -> Iterator[np.ndarray]:
    batches = (pixels[start : start + _BATCH] for start in range(0, len(pixels), _BATCH))
    what = "checking against torch"
    yield from progress(batches, total=len(pixels), desc=what, unit="photos", count=len)
