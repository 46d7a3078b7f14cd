"""Average precision by the rules of COCO.

Matching and accumulation are `faster_coco_eval`'s, which agrees with pycocotools to the digit.
`ignore` objects are COCO's crowds: a detection on one is neither a true nor a false positive, any
number of detections may match it, and the overlap is measured against the detection's own area
(https://cocodataset.org/#detection-eval).
"""

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from pipeline.boxes import xyxy_to_xywh
from pipeline.evaluate.detections import Detections, Truth, check_labels

MAX_DETECTIONS = 100  # per photo and class; COCO's own limit


def coco_average_precision(
    truth: Truth, detections: Detections, num_classes: int
) -> dict[str, float]:
    """Return `coco_map` (mean over IoU .5, .55, ... .95), `coco_map_50` and `coco_map_75`.

    Each is the mean over the classes with objects of the precision at 101 recall levels.

    Args:
        truth: the labelled objects.
        detections: what was found; the best 100 of each photo and class count.
        num_classes: C; both sides' labels must be in 0..C-1.

    Returns:
        Values in 0..1; 0 where nothing was found, NaN where there was nothing to find.
    """
    check_labels(truth, num_classes)
    check_labels(detections, num_classes)
    known = COCO(_dataset(truth, detections, num_classes))
    evaluation = COCOeval_faster(
        known, known.loadRes(_results(detections)), "bbox", print_function=_say_nothing
    )
    params = evaluation.params
    params.maxDets = [MAX_DETECTIONS]
    params.areaRng, params.areaRngLbl = (
        params.areaRng[:1],
        params.areaRngLbl[:1],
    )  # "all"
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][..., 0, 0]  # (IoU, recall, C), -1 without objects
    at_50, at_75 = (int(np.argmin(np.abs(params.iouThrs - level))) for level in (0.5, 0.75))
    return {
        "coco_map": _mean_of_known(precision),
        "coco_map_50": _mean_of_known(precision[at_50]),
        "coco_map_75": _mean_of_known(precision[at_75]),
    }


def _dataset(truth: Truth, detections: Detections, num_classes: int) -> dict:
    """Return the truth as a COCO dictionary; it lists the photos of both sides."""
    photos = np.union1d(truth.photo, detections.photo)
    boxes = xyxy_to_xywh(truth.boxes.astype(float))
    rows = zip(
        truth.photo.tolist(),
        (truth.labels + 1).tolist(),
        boxes.tolist(),
        boxes[:, 2:].prod(1).tolist(),
        truth.ignore.tolist(),
        strict=True,
    )
    return {
        "images": [{"id": int(photo)} for photo in photos],
        "categories": [{"id": label + 1, "name": str(label)} for label in range(num_classes)],
        "annotations": [
            {
                "id": number,  # from 1: COCO's matching takes 0 for "unmatched"
                "image_id": photo,
                "category_id": category,
                "bbox": box,
                "area": area,
                "iscrowd": int(ignore),
            }
            for number, (photo, category, box, area, ignore) in enumerate(rows, 1)
        ],
    }


def _results(detections: Detections) -> list[dict]:
    """Return the detections as COCO's list of results."""
    rows = zip(
        detections.photo.tolist(),
        (detections.labels + 1).tolist(),
        xyxy_to_xywh(detections.boxes.astype(float)).tolist(),
        detections.scores.tolist(),
        strict=True,
    )
    return [
        {"image_id": photo, "category_id": category, "bbox": box, "score": score}
        for photo, category, box, score in rows
    ]


def _mean_of_known(precision: np.ndarray) -> float:
    """Return the mean over the entries that are not -1, NaN if all are."""
    known = precision[precision > -1]
    return float(known.mean()) if known.size else float("nan")


def _say_nothing(*_: object) -> None:
    """Discard what the evaluator prints."""
