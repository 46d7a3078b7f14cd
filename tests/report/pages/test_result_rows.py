"""Rows of results: only the metrics that a rung has, on the split that it is compared on."""

from pathlib import Path

from pipeline.report.pages.result_rows import (
    class_rows,
    error_rows,
    evaluated_split,
    result_head,
    result_rows,
)
from tests.report.pages.ladder import ladder


def test_no_rung() -> None:
    assert (evaluated_split([]), result_head([]), result_rows([])) == ("val", ["rung"], [])


def test_a_row_a_rung_and_a_column_a_metric(tmp_path: Path) -> None:
    rungs = ladder(tmp_path)
    assert evaluated_split(rungs) == "val"
    assert result_head(rungs) == ["rung", "L1 px", "mean IoU", "VOC mAP@.5"]
    assert result_rows(rungs) == [
        ["bbox", "4.7 (4.3 to 5.1)", "0.862", ""],
        ["ssd_fpn", "", "", "0.981 (0.969 to 0.994)"],
    ]


def test_classes_from_the_best_to_the_worst_and_kinds_of_errors(tmp_path: Path) -> None:
    bbox, ssd = ladder(tmp_path)
    assert class_rows(ssd) == [["class <1>", "0.500", "3"], ["class <0>", "0.000", "3"]]
    assert error_rows(ssd) == [["missed", "10", "0.250"]]
    assert class_rows(bbox) == error_rows(bbox) == []
