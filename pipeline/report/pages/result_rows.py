"""The ladder's results as rows of text, for a page and for a pull request."""

import math
from collections.abc import Sequence

from pipeline.evaluate.result_files import ClassAp, ErrorKind, read_rows
from pipeline.report.answers import Answers
from pipeline.report.ladder_table import METRICS, metric_text


def evaluated_split(ladder: Sequence[Answers]) -> str:
    """Return the split that the first rung was evaluated on; `val` if there is no rung."""
    return next((one.split for answers in ladder for one in answers.intervals()), "val")


def result_head(ladder: Sequence[Answers]) -> list[str]:
    """Return the names of the columns: the rung, and each metric that any of them has."""
    return ["rung", *(METRICS[metric][0] for metric in _metrics(ladder))]


def result_rows(ladder: Sequence[Answers]) -> list[list[str]]:
    """Return one row per rung: its name, and each metric with its 95 % interval."""
    split, metrics = evaluated_split(ladder), _metrics(ladder)
    rows = []
    for answers in ladder:
        texts = {
            one.metric: metric_text(one, METRICS[one.metric][1])
            for one in answers.intervals()
            if one.split == split
        }
        rows.append([answers.rung, *(texts.get(metric, "") for metric in metrics)])
    return rows


def class_rows(answers: Answers) -> list[list[str]]:
    """Return one row per class, the best first: name, average precision, objects.

    There are none for a rung that is not measured by average precision.
    """
    path = answers.evaluation / "ap_by_class.csv"
    classes = read_rows(path, ClassAp) if path.is_file() else []
    known = sorted((one for one in classes if math.isfinite(one.ap)), key=lambda one: -one.ap)
    return [[one.name, f"{one.ap:.3f}", str(one.objects)] for one in known]


def error_rows(answers: Answers) -> list[list[str]]:
    """Return one row per kind of error: name, how often it occurs among the labels, its cost."""
    path = answers.evaluation / "errors.csv"
    kinds = read_rows(path, ErrorKind) if path.is_file() else []
    return [[one.kind, str(one.count), f"{one.d_ap:.3f}"] for one in kinds]


def _metrics(ladder: Sequence[Answers]) -> list[str]:
    there = {one.metric for answers in ladder for one in answers.intervals()}
    return [metric for metric in METRICS if metric in there]
