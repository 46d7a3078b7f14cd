"""Step 7: predictions against the tables: the numbers of each rung."""

import numpy as np
import pyarrow as pa

from pipeline.boxes import LESSON_SIDE
from pipeline.evaluate.bootstrap import Interval, map_interval, mean_interval
from pipeline.evaluate.coco_ap import coco_average_precision
from pipeline.evaluate.detections import as_detections, as_truth
from pipeline.evaluate.largest import iou, l1_px, right
from pipeline.evaluate.voc_ap import VocResult, voc_average_precision
from pipeline.schemas import box_columns


def judge_largest(largest: pa.Table, predictions: pa.Table) -> dict[str, np.ndarray]:
    """Return `(P,)` numbers of the photos, those that the predictions allow.

    `accuracy` is 1 or 0, `mean_iou` 0..1, `l1_px` in pixels of a photo squashed to the lesson's
    side; the metrics that are called so are their means.

    Args:
        largest: the largest object of each photo.
        predictions: one row a photo, in the same order.
    """
    if largest["image_id"] != predictions["image_id"]:
        raise ValueError("predictions are not of these photos in this order")
    judged = {}
    labels = predictions["label"].to_numpy()
    if (labels >= 0).all():
        judged["accuracy"] = right(largest["label"].to_numpy(), labels)
    found = box_columns(predictions)
    if not np.isnan(found).any():
        sides = np.stack([largest["width"].to_numpy(), largest["height"].to_numpy()] * 2, -1)
        boxes = box_columns(largest)
        judged["l1_px"] = l1_px(boxes / sides * LESSON_SIDE, found / sides * LESSON_SIDE)
        judged["mean_iou"] = iou(boxes, found)
    return judged


def score_largest(
    largest: pa.Table, predictions: pa.Table
) -> tuple[dict[str, float], dict[str, Interval]]:
    """Return the metrics that `judge_largest` names, and their intervals; NaN without photos."""
    judged = judge_largest(largest, predictions)
    means = {name: float(v.mean()) if len(v) else float("nan") for name, v in judged.items()}
    return means, {name: mean_interval(values) for name, values in judged.items()}


def score_objects(
    objects: pa.Table, predictions: pa.Table, photos: np.ndarray, num_classes: int
) -> tuple[dict[str, float], dict[str, Interval], VocResult]:
    """Return the metrics, the interval of the first, and the curves of the classes.

    The metrics are VOC mAP at IoU .5 (area and 11-point) and COCO's.

    Args:
        objects: all objects of the photos, `ignore` ones included.
        predictions: any number of rows a photo.
        photos: `(P,)` `image_id` of all photos, those with nothing in them included.
        num_classes: C.
    """
    truth, detections = as_truth(objects), as_detections(predictions)
    voc = voc_average_precision(truth, detections, num_classes)
    scores = {"voc_map_50": voc.mean_ap, "voc_map_50_11pt": voc.mean_ap_11pt}
    scores |= coco_average_precision(truth, detections, num_classes)
    return scores, {"voc_map_50": map_interval(truth, detections, photos, num_classes)}, voc
