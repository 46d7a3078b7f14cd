"""The metrics of each rung and their intervals."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.boxes import LESSON_SIDE
from pipeline.errors import InputError
from pipeline.evaluate.bootstrap import (
    Interval,
    map_interval,
    mean_interval,
    proportion_interval,
    with_rule_of_three,
)
from pipeline.evaluate.coco_ap import coco_average_precision
from pipeline.evaluate.detections import as_detections, as_truth
from pipeline.evaluate.largest import iou, is_class, l1_px
from pipeline.evaluate.voc_ap import VocResult, voc_average_precision
from pipeline.predictions import Predictions
from pipeline.schemas import box_columns, of_split
from pipeline.tasks import Task

MEASURED_SPLITS = ("val", "test")


@dataclass(frozen=True)
class Split:
    """The rows of one split: its photos, the truth and the predictions."""

    name: str
    images: pa.Table
    truth: pa.Table
    predictions: pa.Table


@dataclass(frozen=True)
class Scores:
    """The metrics of one split.

    Attributes:
        metrics: by name; NaN where there was nothing to measure.
        intervals: 95 % over the photos, of the metrics that have one.
        voc: the precision-recall curves of a rung that finds every object, else None.
    """

    metrics: dict[str, float]
    intervals: dict[str, Interval]
    voc: VocResult | None = None


def splits_of(predictions: Predictions, images: pa.Table, truth: pa.Table) -> list[Split]:
    """Return val and test, each if it has a photo that the task can be measured on.

    A task of the largest object needs a photo with an object. Its predictions are put in the order
    of `truth`; those for photos without an object are left out.

    Args:
        predictions: of a rung.
        images: the `images` table.
        truth: the table of the rung's task, `objects` or `largest`.
    """
    splits = []
    for name in MEASURED_SPLITS:
        photos, objects = of_split(images, name), of_split(truth, name)
        if not len(photos if predictions.task.every_object else objects):
            continue
        found = of_split(predictions.table, name)
        if not predictions.task.every_object:
            found = answers_for(objects, found)
        splits.append(Split(name, photos, objects, found))
    return splits


def score_split(split: Split, task: Task, num_classes: int) -> Scores:
    """Return the metrics of a split, with the curves where the task is to find every object."""
    if not task.every_object:
        return score_largest(split.truth, split.predictions, task)
    photos = split.images["image_id"].to_numpy()
    return score_objects(split.truth, split.predictions, photos, num_classes)


def answers_for(largest: pa.Table, predictions: pa.Table) -> pa.Table:
    """Return the prediction for each photo that has a largest object, in the order of `largest`.

    Raises:
        InputError: a photo has no prediction.
    """
    rows = pc.index_in(largest["image_id"], value_set=predictions["image_id"])
    if rows.null_count:
        raise InputError(
            f"predictions: none for {largest['file_name'][_first_null(rows)]}; "
            "run the predict stage again"
        )
    return predictions.take(rows)


def _first_null(rows: pa.ChunkedArray) -> int:
    return pc.index(pc.is_null(rows), True).as_py()


def judge_largest(largest: pa.Table, predictions: pa.Table, task: Task) -> dict[str, np.ndarray]:
    """Return the `(P,)` values per photo of each metric of a task.

    `accuracy` is 1 or 0, `mean_iou` 0..1, `l1_px` in pixels of a photo squashed to the lesson's
    side; the metrics of these names are their means.

    Args:
        largest: the largest object of each photo.
        predictions: for the same photos, from `answers_for`.
        task: of the rung that predicted them; a NaN box gives NaN values.
    """
    if largest["image_id"] != predictions["image_id"]:
        raise ValueError("predictions are not of these photos in this order")
    judged = {}
    if task.answers_class:
        labels = largest["label"].to_numpy()
        judged["accuracy"] = is_class(labels, predictions["label"].to_numpy())
    if task.answers_box:
        found = box_columns(predictions)
        sides = np.stack([largest["width"].to_numpy(), largest["height"].to_numpy()] * 2, -1)
        boxes = box_columns(largest)
        judged["l1_px"] = l1_px(boxes / sides * LESSON_SIDE, found / sides * LESSON_SIDE)
        judged["mean_iou"] = iou(boxes, found)
    return judged


def score_largest(largest: pa.Table, predictions: pa.Table, task: Task) -> Scores:
    """Return the metrics that `judge_largest` names, and their intervals; NaN without photos."""
    judged = judge_largest(largest, predictions, task)
    means = {name: float(v.mean()) if len(v) else float("nan") for name, v in judged.items()}
    return Scores(means, {name: _interval_of(name, values) for name, values in judged.items()})


def _interval_of(name: str, values: np.ndarray) -> Interval:
    if name == "accuracy":
        return proportion_interval(values.sum(), len(values))
    ends = mean_interval(values)
    if name == "l1_px" or len(values) < 2:
        return ends
    return with_rule_of_three(float(values.mean()), ends, len(values))


def score_objects(
    objects: pa.Table, predictions: pa.Table, photos: np.ndarray, num_classes: int
) -> Scores:
    """Return the metrics, the interval of the first, and the curves of the classes.

    The metrics are VOC mAP at IoU .5 (area and 11-point) and COCO's.

    Args:
        objects: all objects of the photos, `ignore` ones included.
        predictions: any number of rows per photo.
        photos: `(P,)` `image_id` of all photos, empty ones included.
        num_classes: C.
    """
    truth, detections = as_truth(objects), as_detections(predictions)
    voc = voc_average_precision(truth, detections, num_classes)
    metrics = {"voc_map_50": voc.mean_ap, "voc_map_50_11pt": voc.mean_ap_11pt}
    metrics |= coco_average_precision(truth, detections, num_classes)
    interval = map_interval(truth, detections, photos, num_classes)
    return Scores(metrics, {"voc_map_50": interval}, voc)
