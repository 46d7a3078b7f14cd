"""Measures an exported file on val, by the metrics of its task."""

import pyarrow.compute as pc

from pipeline.data.inputs import Inputs
from pipeline.evaluate.detections import as_detections, as_truth
from pipeline.evaluate.score import answers_for, judge_largest
from pipeline.evaluate.voc_ap import voc_average_precision
from pipeline.export.photos import rows_of
from pipeline.inference.detector import Detector
from pipeline.predictions import predictions_table
from pipeline.tasks import Task

# Metrics in 0..1 of which more is better.
_SHARES = ("accuracy", "mean_iou")


def val_metrics(detector: Detector, inputs: Inputs) -> dict[str, float]:
    """Return `voc_map_50`, or `accuracy` and `mean_iou` of the largest object, on val.

    Args:
        detector: of the rung.
        inputs: of its task, with a photo in val.
    """
    rows = rows_of(inputs, "val")
    photos = inputs.images.take(rows)
    sizes_wh = zip(photos["width"].to_pylist(), photos["height"].to_pylist(), strict=True)
    found = detector.predict((inputs.pixels[row] for row in rows), sizes_wh)
    predictions = predictions_table(
        photos, found, classes=detector.classes, task=Task(detector.spec.task)
    )
    truth = inputs.objects.filter(
        pc.is_in(inputs.objects["image_id"], photos["image_id"].combine_chunks())
    )
    if inputs.task.every_object:
        ap = voc_average_precision(
            as_truth(truth), as_detections(predictions), len(detector.classes)
        )
        return {"voc_map_50": float(ap.mean_ap)}
    judged = judge_largest(truth, answers_for(truth, predictions), inputs.task)
    return {name: float(judged[name].mean()) for name in _SHARES if name in judged}
