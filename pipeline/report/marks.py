"""Step 7: rows of a table become something to draw on a photo."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.report.photo_grid import Marks
from pipeline.schemas import box_columns


def marks_of(table: pa.Table, image_id: int, lowest_score: float = 0.0) -> Marks:
    """Return what a table of objects or predictions has of one photo.

    Args:
        table: with labels (-1: no class) and boxes (NaN: no box); what a rung does not say stays
            empty in the marks (a score is that of a class).
        image_id: of the photo.
        lowest_score: predictions below it are left out.
    """
    rows = table.filter(pc.equal(table["image_id"], image_id))
    if "score" in rows.column_names:
        rows = rows.filter(pc.greater_equal(rows["score"], lowest_score))
    boxes, labels = box_columns(rows), rows["label"].to_numpy()
    known = {}
    if not np.isnan(boxes).any():
        known["boxes"] = boxes
    if (labels >= 0).all():
        known["labels"] = labels
        if "score" in rows.column_names:
            known["scores"] = rows["score"].to_numpy()
    if "ignore" in rows.column_names:
        known["ignore"] = rows["ignore"].to_numpy()
    return Marks(**known)
