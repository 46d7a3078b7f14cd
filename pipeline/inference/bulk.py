"""Photos stream through a detector into the parts of a labelling job."""

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.inference.detections import Detections
from pipeline.inference.detector import Detector
from pipeline.inference.label_job import PHOTOS_A_PART, LabelJob
from pipeline.progress import progress

Waiting = Sequence[tuple[str, Path, os.stat_result]]


def detect_into(job: LabelJob, detector: Detector, waiting: Waiting, before: int = 0) -> None:
    """Add what is found in photos to a job, part by part; memory does not grow with them.

    A part has the same photos in the same batches whether the job was stopped before it or not,
    since a part is a whole number of batches.

    Args:
        job: to add to.
        detector: of the model that the job was begun with.
        waiting: name, file and state of each photo, in order.
        before: so many photos were done earlier, for the progress.
    """
    if PHOTOS_A_PART % detector.batch_size:
        raise ValueError(f"a part of {PHOTOS_A_PART} is no whole number of batches")
    found = detector.stream_all(path for _, path, _ in waiting)
    watched = progress(
        found, total=before + len(waiting), desc="label", unit="photos", before=before
    )
    rows = map(_row, waiting, watched)
    while part := list(islice(rows, PHOTOS_A_PART)):
        job.append(part)


def _row(photo: tuple[str, Path, os.stat_result], found: Detections | InputError) -> dict:
    name, path, state = photo
    row = {"file_name": name, "bytes": state.st_size, "modified": state.st_mtime_ns}
    if isinstance(found, InputError):
        return row | {"error": str(found).removeprefix(f"{path}: ").removeprefix("photo: ")}
    width, height = found.size_wh
    return row | {
        "width": width,
        "height": height,
        "label": found.labels,
        "score": found.scores,
        "box": np.ravel(found.boxes),
    }
