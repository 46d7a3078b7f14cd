"""The library of the detection ladder.

Its packages, in the order of the stages:

- `sources`, `demo`    download, copy or paint labelled photos
- `formats`, `tables`  read labels and write the tables `images`, `objects` and `largest`
- `checks`             find duplicate photos, odd boxes and rare classes
- `data`               store all photos as one uint8 array, and make batches of its rows
- `models`, `rungs`    backbone, heads, losses and decoding of each rung of the ladder
- `train`              train a rung in phases, with checkpoints
- `inference`          run a trained rung on photos
- `evaluate`           compute metrics, intervals and errors of the predictions
- `report`             draw pictures and print the table of results
- `review`             show doubtful machine labels to a person and apply the decisions
- `tracking`           log every distinct result as one MLflow run

Shapes are written with these letters:

    B batch    N objects of a photo (padded)    A anchors    C classes, background not counted
    S side of the square input in pixels        K detections    P photos

Boxes are xyxy pixel edges (`boxes.py`).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.inference.detections import Detections
    from pipeline.inference.detector import Detector

__all__ = ["Detections", "Detector"]


def __getattr__(name: str) -> object:
    """Import the public names on first use: most of the library works without torch."""
    if name == "Detector":
        from pipeline.inference.detector import Detector

        return Detector
    if name == "Detections":
        from pipeline.inference.detections import Detections

        return Detections
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
