"""Result files are read as they were written, and others are refused in one line."""

import math

import pytest

from pipeline.errors import InputError
from pipeline.evaluate.result_files import (
    ClassAp,
    MetricInterval,
    WorstPhoto,
    read_rows,
    write_csv,
    write_rows,
)


def test_no_rows_are_a_header(tmp_path):
    write_rows(tmp_path / "a.csv", ClassAp, [])
    assert (tmp_path / "a.csv").read_bytes() == b"name,ap,ap_11pt,objects\r\n"
    assert read_rows(tmp_path / "a.csv", ClassAp) == []


def test_numbers_and_names_come_back(tmp_path):
    rows = [WorstPhoto(7, "a, b\n\u732b.jpg", 3, "2 missed, 1 class"), WorstPhoto(1, "", 0, "")]
    write_rows(tmp_path / "a.csv", WorstPhoto, rows)
    assert read_rows(tmp_path / "a.csv", WorstPhoto) == rows


def test_floats_have_five_digits_and_nan_stays_nan(tmp_path):
    row = MetricInterval("val", "accuracy", 2 / 3, 0.0, math.nan, "")
    write_rows(tmp_path / "a.csv", MetricInterval, [row])
    assert "val,accuracy,0.66667,0.0,nan," in (tmp_path / "a.csv").read_text()
    (read,) = read_rows(tmp_path / "a.csv", MetricInterval)
    assert read.value == 0.66667 and math.isnan(read.high)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file; run the evaluate stage first"),
        ("", "not enough values"),
        ("class,ap\n", "has the columns"),
        ("name,ap,ap_11pt,objects\ncat,1,1\n", "zip"),
        ("name,ap,ap_11pt,objects\ncat,one,1,1\n", "could not convert"),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path, content, reason):
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=reason) as error:
        read_rows(path, ClassAp)
    assert str(error.value).startswith(str(path)) and "\n" not in str(error.value)


def test_a_table_of_any_columns(tmp_path):
    write_csv(tmp_path / "a.csv", ("epoch", "loss"), [(1, 0.5), (2, "")])
    assert (tmp_path / "a.csv").read_text() == "epoch,loss\n1,0.5\n2,\n"
