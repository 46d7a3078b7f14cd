"""A ladder of two rungs with the files of its evaluation, without any training."""

from pathlib import Path

from pipeline.evaluate.result_files import ClassAp, ErrorKind, MetricInterval, write_rows
from pipeline.predictions import PREDICTIONS_SCHEMA, Predictions
from pipeline.report.answers import Answers
from pipeline.tasks import Task

NAN = float("nan")
INTERVALS = {
    "bbox": [
        MetricInterval("val", "l1_px", 4.71, 4.3, 5.12, ""),
        MetricInterval("test", "l1_px", 6, 5, 7, ""),
        MetricInterval("val", "mean_iou", 0.862, NAN, NAN, "one photo alone"),
    ],
    "ssd_fpn": [MetricInterval("val", "voc_map_50", 0.981, 0.969, 0.994, "")],
}


def ladder(folder: Path, classes: int = 2) -> list[Answers]:
    """Return the answers of `bbox` and `ssd_fpn`, without usable predictions."""
    for rung, intervals in INTERVALS.items():
        (folder / rung).mkdir(parents=True)
        write_rows(folder / rung / "intervals.csv", MetricInterval, intervals)
    aps = [ClassAp(f"class <{n}>", n / classes, 0.5, 3) for n in range(classes)]
    aps.append(ClassAp("absent", NAN, NAN, 0))
    write_rows(folder / "ssd_fpn/ap_by_class.csv", ClassAp, aps)
    write_rows(folder / "ssd_fpn/errors.csv", ErrorKind, [ErrorKind("missed", 10, 0.25)])
    return [Answers(rung, _nothing(rung), folder / rung, None) for rung in INTERVALS]


def _nothing(rung: str) -> Predictions:
    task = Task.DETECT if rung == "ssd_fpn" else Task.LOCATE
    return Predictions(PREDICTIONS_SCHEMA.empty_table(), [], task)
