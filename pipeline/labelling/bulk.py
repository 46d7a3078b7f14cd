"""Photos stream through a detector into the parts of a labelling job."""

from collections.abc import Iterator, Sequence
from itertools import count, islice

import numpy as np

from pipeline.errors import InputError
from pipeline.inference.detections import Detections
from pipeline.inference.detector import Detector
from pipeline.labelling.job import PHOTOS_A_PART, LabelJob
from pipeline.labelling.waiting import Waiting
from pipeline.progress import progress


def detect_into(
    job: LabelJob, detector: Detector, waiting: Sequence[Waiting], before: int = 0
) -> None:
    """Add the detections in photos to a job, part by part; memory does not grow with their number.

    A part is a whole number of batches, so it has the same photos in the same batches whether or
    not the job was stopped before it.

    Args:
        job: to add to.
        detector: of the model that the job was started with.
        waiting: the photos, in order.
        before: how many photos were done earlier, for the progress.
    """
    if PHOTOS_A_PART % detector.batch_size:
        raise ValueError(f"a part of {PHOTOS_A_PART} is not a whole number of batches")
    rows = progress(
        rows_of(detector, waiting),
        total=before + len(waiting),
        desc="label",
        unit="photos",
        before=before,
    )
    for number in count(job.next_number):
        if not (part := list(islice(rows, PHOTOS_A_PART))):
            break
        job.add(number, part)


def rows_of(detector: Detector, waiting: Sequence[Waiting]) -> Iterator[dict]:
    """Yield the row of a part for each photo, in their order."""
    return map(_row, waiting, detector.stream_all(one.photo for one in waiting))


def _row(one: Waiting, found: Detections | InputError) -> dict:
    row = {"file_name": one.name, "bytes": one.size, "modified": one.modified}
    if isinstance(found, InputError):
        return row | {"error": str(found).removeprefix(f"{one.photo}: ").removeprefix("photo: ")}
    width, height = found.size_wh
    return row | {
        "width": width,
        "height": height,
        "label": found.labels,
        "score": found.scores,
        "box": np.ravel(found.boxes),
    }
