"""The predictions table of stored photos."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.data.pixel_store import Pixels
from pipeline.errors import InputError
from pipeline.files import TABLES
from pipeline.inference.detector import Detector
from pipeline.memory import keep_freed_memory
from pipeline.predictions import predictions_table
from pipeline.progress import progress
from pipeline.tasks import Task


def predict_photos(detector: Detector, images: pa.Table, pixels: Pixels) -> pa.Table:
    """Return the predictions table of all photos outside train, in the order of `images`.

    Args:
        detector: of any rung.
        images: `P` rows of the `images` table.
        pixels: the photos, `(P, S, S, 3)` uint8, in the order of `images`.

    Raises:
        InputError: every photo is in train.
    """
    rows = np.flatnonzero(pc.not_equal(images["split"].cast(pa.string()), "train").to_numpy())
    if not len(rows):
        raise InputError(
            f"{TABLES}: no photo in val or test to predict; see fetch.split in params.yaml"
        )
    keep_freed_memory()
    photos = images.take(rows)
    sizes_wh = zip(photos["width"].to_pylist(), photos["height"].to_pylist(), strict=True)
    found = detector.stream((pixels[int(row)] for row in rows), sizes_wh)
    watched = progress(found, total=len(rows), desc=detector.spec.rung, unit="photos")
    return predictions_table(
        photos, list(watched), classes=detector.classes, task=Task(detector.spec.task)
    )
