"""The result files of a measured rung: intervals, curves, confusion and errors."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.evaluate.confusion import confused_pairs, confusion_matrix
from pipeline.evaluate.detections import as_detections, as_truth
from pipeline.evaluate.error_gains import error_gains
from pipeline.evaluate.error_kinds import (
    KINDS,
    Errors,
    errors_by_photo,
    find_errors,
    worst_photos,
)
from pipeline.evaluate.label_scores import choose_label_scores, keep_labels
from pipeline.evaluate.result_files import (
    ClassAp,
    ConfusedPair,
    CurvePoint,
    ErrorKind,
    MetricInterval,
    WorstPhoto,
    write_rows,
)
from pipeline.evaluate.score import Scores, Split
from pipeline.evaluate.size_ap import SizeAp, ap_by_size
from pipeline.evaluate.voc_ap import VocResult
from pipeline.files import LABEL_SCORES

_WORST_PHOTOS = 12
_ONE_CLASS = "one class: always 1"


def write_intervals(
    folder: Path, splits: Sequence[Split], scores: Sequence[Scores], num_classes: int
) -> None:
    """Write the 95 % interval of each metric of each split to `intervals.csv`."""
    rows = [
        MetricInterval(
            split.name,
            metric,
            of_split.metrics[metric],
            *ends,
            note=_ONE_CLASS if metric == "accuracy" and num_classes == 1 else "",
        )
        for split, of_split in zip(splits, scores, strict=True)
        for metric, ends in of_split.intervals.items()
    ]
    write_rows(folder / "intervals.csv", MetricInterval, rows)


def write_objects(
    folder: Path,
    split: Split,
    scores: Scores,
    classes: Sequence[str],
    label_scores: np.ndarray | None = None,
) -> None:
    """Write the results of a rung that finds every object: curves, sizes, confusion and errors.

    Args:
        folder: to write into.
        split: the photos, the truth and the predictions.
        scores: the metrics of the split.
        classes: names in label order.
        label_scores: `(C,)`, the score above which a detection counts as a label, by class; None
            for those that fit this split best.
    """
    truth, detections = as_truth(split.truth), as_detections(split.predictions)
    photos, count = split.images["image_id"].to_numpy(), len(classes)
    if scores.voc:
        write_curves(folder, scores.voc, classes)
    sizes = ap_by_size(truth, detections, photos, count)
    write_rows(folder / "ap_by_size.csv", SizeAp, sizes)
    if label_scores is None:
        label_scores = choose_label_scores(truth, detections, count).scores
    by_class = dict(zip(classes, label_scores.astype(float).round(4).tolist(), strict=True))
    (folder / LABEL_SCORES).write_text(
        json.dumps(by_class, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    labels = keep_labels(detections, label_scores)
    pairs = confused_pairs(confusion_matrix(truth, labels, count), classes)
    write_rows(folder / "confusion.csv", ConfusedPair, pairs)
    gains = error_gains(find_errors(truth, detections, count), count)
    write_errors(folder, find_errors(truth, labels, count), gains, split.images)


def write_curves(folder: Path, voc: VocResult, classes: Sequence[str]) -> None:
    """Write the average precision of each class and the points of its precision-recall curve.

    Only true positives are points, as recall rises only there.
    """
    aps, points = [], []
    for name, curve in zip(classes, voc.curves, strict=True):
        aps.append(ClassAp(name, curve.ap, curve.ap_11pt, curve.positives))
        if curve.positives:
            hits = np.flatnonzero(np.diff(curve.recall, prepend=0.0) > 0)
            columns = (curve.recall, curve.precision, curve.scores)
            points += [CurvePoint(name, *(float(c[hit]) for c in columns)) for hit in hits]
    write_rows(folder / "ap_by_class.csv", ClassAp, aps)
    write_rows(folder / "pr_curves.csv", CurvePoint, points)


def write_errors(
    folder: Path, errors: Errors, gains: Mapping[str, float], images: pa.Table
) -> None:
    """Write how often each kind of error occurs, and the photos with the most errors.

    Args:
        folder: to write into.
        errors: among the labels.
        gains: by kind of error, what mAP@.5 would gain without it.
        images: the rows of the split in the `images` table.
    """
    kinds = [ErrorKind(kind, len(errors.photos(kind)), gains[kind]) for kind in KINDS]
    write_rows(folder / "errors.csv", ErrorKind, kinds)
    photos, files = images["image_id"].to_numpy(), images["file_name"].to_pylist()
    counts = errors_by_photo(errors, photos)
    worst = [
        WorstPhoto(int(photos[row]), files[row], int(counts[row].sum()), words)
        for row, words in worst_photos(counts, _WORST_PHOTOS)
    ]
    write_rows(folder / "worst_photos.csv", WorstPhoto, worst)


def write_confusion_of_largest(folder: Path, split: Split, classes: Sequence[str]) -> None:
    """Write the true and the predicted class of each photo's largest object."""
    labels = zip(*(t["label"].to_pylist() for t in (split.truth, split.predictions)), strict=True)
    pairs = [ConfusedPair(classes[actual], classes[predicted]) for actual, predicted in labels]
    write_rows(folder / "confusion.csv", ConfusedPair, pairs)
