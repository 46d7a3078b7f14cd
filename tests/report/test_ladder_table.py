"""The table of results as a log shows it."""

import math

from pipeline.evaluate.result_files import MetricInterval
from pipeline.report.ladder_table import Row, print_ladder


def lines_of(capsys, rows, closing=()):
    print_ladder(rows, "val", closing)
    return capsys.readouterr().out.splitlines()


def cells(line):
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_no_rung_is_an_empty_table(capsys):
    lines = lines_of(capsys, [], ["no results yet"])
    assert lines[0].strip() == "The ladder, val split"
    assert lines[-1] == "no results yet"
    assert not [line for line in lines if line.startswith("│")]


def test_a_rung_without_numbers_keeps_its_row(capsys):
    (row,) = [line for line in lines_of(capsys, [Row("bbox")]) if line.startswith("│")]
    assert cells(row) == ["bbox", *[""] * 9]


def test_numbers_stand_in_their_columns(capsys):
    classifier = Row("classifier", {"accuracy": 0.96041}, epochs=12, seconds=90, run="new 1a2b3c4d")
    detector = Row("ssd_fpn", {"coco_map": 0.5, "voc_map_50": math.nan, "voc_map_50_11pt": 1})
    rows = [x for x in lines_of(capsys, [classifier, detector]) if x.startswith("│")]
    empty = [""] * 5
    assert cells(rows[0]) == ["classifier", "0.960", *empty, "12", "1.5", "new 1a2b3c4d"]
    assert cells(rows[1]) == ["ssd_fpn", "", "", "", "nan", "1.000", "0.500", "", "", ""]


def test_a_log_gets_no_colours_and_no_more_than_120_columns(capsys):
    metrics = dict.fromkeys(("accuracy", "mean_iou", "voc_map_50", "coco_map"), 0.123456)
    row = Row("classifier", metrics | {"l1_px": 123.46}, 1000, 99999.0, "known 1a2b3c4d")
    lines = lines_of(capsys, [row], ["[bold]as it is[/bold]"])
    assert "\x1b" not in "".join(lines)
    assert max(map(len, lines)) <= 120
    assert "123.5" in "".join(lines) and lines[-1] == "[bold]as it is[/bold]"


def interval(metric, value, low, high, note=""):
    return MetricInterval("val", metric, value, low, high, note)


def test_an_interval_stands_below_its_number(capsys):
    found = [interval("accuracy", 1, 0.912, 1), interval("l1_px", 6.88, 6.1, 7.7)]
    row = Row("combined", {"accuracy": 1, "l1_px": 6.88, "mean_iou": 0.8}, found)
    above, below = [x for x in lines_of(capsys, [row]) if x.startswith("│")]
    assert cells(above)[:4] == ["combined", "1.000", "6.9", "0.800"]
    assert cells(below)[:4] == ["", ".912-1.000", "6.1-7.7", ""]


def test_an_unknown_interval_is_left_out_and_a_note_is_said(capsys):
    note = interval("accuracy", 1, math.nan, math.nan, "one class: always 1")
    lines = lines_of(capsys, [Row("classifier", {"accuracy": 1}, [note])], ["closing"])
    assert len([line for line in lines if line.startswith("│")]) == 1
    assert lines[-2:] == ["classifier: accuracy: one class: always 1", "closing"]
