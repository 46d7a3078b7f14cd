"""Step 7: predictions against the tables: the numbers of each rung."""

import numpy as np
import pyarrow as pa

from pipeline.boxes import LESSON_SIDE
from pipeline.evaluate.coco_map import coco_average_precision
from pipeline.evaluate.metrics import accuracy, l1_px, mean_iou
from pipeline.evaluate.predictions import as_detections, as_truth, box_columns
from pipeline.evaluate.voc_ap import VocResult, voc_average_precision


def score_largest(largest: pa.Table, predictions: pa.Table) -> dict[str, float]:
    """Return `accuracy`, `l1_px` and `mean_iou`, those of them that the predictions allow.

    `l1_px` is in pixels of a photo squashed to the lesson's side.

    Args:
        largest: the largest object of each photo.
        predictions: one row a photo, in the same order.
    """
    if largest["image_id"] != predictions["image_id"]:
        raise ValueError("predictions are not of these photos in this order")
    scores = {}
    labels = predictions["label"].to_numpy()
    if (labels >= 0).all():
        scores["accuracy"] = accuracy(largest["label"].to_numpy(), labels)
    found = box_columns(predictions)
    if not np.isnan(found).any():
        sides = np.stack([largest["width"].to_numpy(), largest["height"].to_numpy()] * 2, -1)
        boxes = box_columns(largest)
        scores["l1_px"] = l1_px(boxes / sides * LESSON_SIDE, found / sides * LESSON_SIDE)
        scores["mean_iou"] = mean_iou(boxes, found)
    return scores


def score_objects(
    objects: pa.Table, predictions: pa.Table, num_classes: int
) -> tuple[dict[str, float], VocResult]:
    """Return VOC mAP at IoU .5 (area and 11-point) and COCO's, and the curves of the classes.

    Args:
        objects: all objects of the photos, `ignore` ones included.
        predictions: any number of rows a photo.
        num_classes: C.
    """
    truth, detections = as_truth(objects), as_detections(predictions)
    voc = voc_average_precision(truth, detections, num_classes)
    scores = {"voc_map_50": voc.mean_ap, "voc_map_50_11pt": voc.mean_ap_11pt}
    return scores | coco_average_precision(truth, detections, num_classes), voc
