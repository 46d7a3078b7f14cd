import csv

import pytest
from PIL import Image

from pipeline.evaluate.error_kinds import KINDS
from pipeline.report.error_report import write_error_report
from tests.evaluate.test_error_kinds import WORKED_FOUND, WORKED_TRUTH
from tests.evaluate.test_voc_ap import found, truth_of

NAMES = ["cat", "dog"]


def written(folder, truth, detections, names=NAMES):
    """Write a report; return the rows of its tables."""
    write_error_report(
        folder, folder, truth, detections, names=names, lowest_score=0.35, title="rung, val"
    )
    tables = {}
    for name in ("errors", "ap_by_size", "confusion"):
        with (folder / f"{name}.csv").open(newline="") as file:
            tables[name] = list(csv.DictReader(file))
    return tables


def test_the_worked_photo(tmp_path):
    tables = written(tmp_path, WORKED_TRUTH, WORKED_FOUND)
    assert [(row["kind"], row["count"]) for row in tables["errors"]] == [
        (kind, "2" if kind == "missed" else "1") for kind in KINDS
    ]
    # The background one is the last wrong one of cats: AP (1 + 2/6) / 4 for (1 + 2/7) / 4.
    gains = {row["kind"]: float(row["d_ap"]) for row in tables["errors"]}
    assert gains["background"] == pytest.approx((2 / 6 - 2 / 7) / 4 / 2, abs=1e-5)
    assert [tuple(row.values()) for row in tables["ap_by_size"]] == [
        ("small", "6", "0.16071"),
        ("medium", "0", "nan"),
        ("large", "0", "nan"),
    ]
    # The right one of score .3 is below the lowest score.
    pairs = [tuple(row.values()) for row in tables["confusion"]]
    assert pairs == [
        ("cat", "cat"),
        *[("cat", "(missed)")] * 3,
        ("dog", "cat"),
        ("dog", "(missed)"),
        *[("(background)", "cat")] * 4,
    ]


@pytest.mark.parametrize("truth", [truth_of(), WORKED_TRUTH])
@pytest.mark.parametrize("detections", [found(), WORKED_FOUND])
def test_pictures_can_be_looked_at_whatever_is_there(tmp_path, truth, detections):
    written(tmp_path, truth, detections)
    for name in ("errors.png", "confusion.png"):
        with Image.open(tmp_path / name) as picture:
            picture.load()
            assert min(picture.size) > 300
