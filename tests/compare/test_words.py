"""A difference in words."""

import math
from dataclasses import replace

import pytest

from pipeline.compare.by_class import ClassChange
from pipeline.compare.by_photo import PhotoChange
from pipeline.compare.common_photos import LeftOut
from pipeline.compare.comparison import Comparison, compare_rungs
from pipeline.compare.differences import Difference
from pipeline.compare.settings import Setting
from pipeline.compare.sides.results import Side
from pipeline.compare.words import (
    CLASS_HEAD,
    METRIC_HEAD,
    PHOTO_HEAD,
    SETTING_HEAD,
    class_rows,
    format_number,
    inputs_line,
    interval_words,
    metric_rows,
    notes,
    photo_row,
    photos_line,
    setting_rows,
    signed,
    verdict,
)
from tests.compare.making import common_of, pets, told

NAN = math.nan


@pytest.fixture(scope="module")
def rung(tmp_path_factory):
    objects = pets(4)
    folder = tmp_path_factory.mktemp("rung")
    return compare_rungs(common_of(folder, objects, told(objects), told(objects, [1])))


def with_headline(rung, *values, both_ways=True):
    return replace(rung, differences=[Difference(*values, both_ways)])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            ("voc_map_50", 0.612, 0.633, 0.021, 0.004, 0.038, 50),
            "B is better by 0.021: VOC mAP@.5 0.612 and 0.633, "
            "B - A 95 % interval +0.004 to +0.038",
        ),
        (
            ("l1_px", 5.0, 6.0, 1.0, 0.5, 1.5, 50),
            "A is better by 1.0: L1 px 5.0 and 6.0, B - A 95 % interval +0.5 to +1.5",
        ),
        (
            ("accuracy", 0.9, 0.91, 0.01, -0.02, 0.04, 9),
            "no difference beyond chance: accuracy 0.900 and 0.910, "
            "B - A +0.010 (95 % interval -0.020 to +0.040)",
        ),
        (
            ("accuracy", 0.9, 0.94, 0.04, 0.01, 0.08, 4),
            "no difference beyond chance: accuracy 0.900 and 0.940, "
            "B - A +0.040 (95 % interval +0.010 to +0.080), and only 4 photos differ",
        ),
        (
            ("accuracy", 0.9, 0.9, 0.0, 0.0, 0.0, 0),
            "no difference beyond chance: accuracy 0.900 and 0.900, no difference at all",
        ),
        (
            ("accuracy", 1.0, 0.0, -1.0, NAN, NAN, 1),
            "unknown: accuracy 1.000 and 0.000, on too few photos for an interval",
        ),
        (
            ("voc_map_50", NAN, NAN, NAN, NAN, NAN, 0),
            "unknown: no object to find in these photos",
        ),
    ],
)
def test_a_verdict(rung, values, words):
    assert verdict(with_headline(rung, *values)) == f"ssd: {words}"


def test_why_an_interval_beside_0_is_not_enough(rung):
    values = ("voc_map_50", 0.5, 0.4, -0.1, -0.2, -0.1)
    begin = "ssd: no difference beyond chance: VOC mAP@.5 0.500 and 0.400, B - A -0.100 "
    begin += "(95 % interval -0.200 to -0.100)"
    one_photo = verdict(with_headline(rung, *values, 1, both_ways=False))
    assert one_photo == f"{begin}, and only 1 photo differs"
    one_way = verdict(with_headline(rung, *values, 50, both_ways=False))
    assert one_way == f"{begin}, but the other bootstrap interval contains 0"


def test_numbers_and_signs():
    values = ((0.12345, 3), (5.55, 1), (NAN, 3))
    assert [format_number(*one) for one in values] == ["0.123", "5.5", ""]
    assert (signed(0.5, 3), signed(-0.5, 3), signed(-1e-9, 3)) == ("+0.500", "-0.500", "0.000")
    assert signed(NAN, 3) == interval_words(NAN, NAN, 3) == ""
    assert interval_words(-0.01, 0.02, 3) == "-0.010 to +0.020"


def test_rows_have_as_many_cells_as_their_heads(rung):
    change = ClassChange("cat", 0.1, 0.3, 0.2, 0.1, 0.3, 9, True)
    (row,) = class_rows([change])
    assert row == ["cat", "0.100", "0.300", "+0.200", "+0.100 to +0.300", "9", "rose"]
    assert class_rows([replace(change, change=-0.2)])[0][-1] == "fell"
    assert class_rows([replace(change, beyond_chance=False)])[0][-1] == ""
    photo = photo_row(PhotoChange(1, "a.jpg", 4, 1, 2, 0, 3))
    assert photo == ["a.jpg", "4", "1", "2", "0", "3"]
    metrics = metric_rows([rung])
    assert len(row) == len(CLASS_HEAD) and len(photo) == len(PHOTO_HEAD)
    assert [len(one) for one in metrics] == [len(METRIC_HEAD)]
    assert metrics[0][:2] == ["ssd", "VOC mAP@.5"]


def compared(rungs, **more):
    result = Side("A", "a folder", {})
    return replace(Comparison(result, result, "val", rungs, [], [], []), **more)


def test_parameters_name_their_rungs_unless_all_have_them(rung):
    settings = [Setting("train.lr", "1", "2", ("ssd",)), Setting("train.form", "a", "b", ())]
    rows = setting_rows(compared([rung], settings=settings))
    assert rows == [["train.lr", "1", "2", "all"], ["train.form", "a", "b", ""]]
    assert all(len(row) == len(SETTING_HEAD) for row in rows)
    rows = setting_rows(compared([rung, rung], settings=settings[:1]))
    assert rows == [["train.lr", "1", "2", "ssd"]]


def test_other_code_and_data_are_named():
    assert inputs_line(compared([])) == ""
    paths = ["pipeline/train", "data/tables/objects.parquet"]
    assert inputs_line(compared([], inputs=paths)) == f"different inputs: {', '.join(paths)}"


def test_what_is_not_compared_is_said_once(rung):
    left = replace(rung, common=replace(rung.common, left_out=LeftOut(2, 0, 1)))
    comparison = compared([left, replace(left, name="ssd_b"), rung], missing=["bbox: only in A"])
    assert notes(comparison) == [
        "bbox: only in A",
        "ssd, ssd_b: compared on 4 photos of val; left out: 2 only in A, "
        "1 with different objects in B",
    ]


def test_photos_in_a_line(rung):
    expected = "A alone finds 1 object in 1 photo, B alone 0 in 0, of 4 photos"
    assert photos_line(rung) == expected
