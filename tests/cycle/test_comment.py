"""The comment on a retraining."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.compare.common_photos import LeftOut
from pipeline.compare.comparison import Comparison, RungComparison, compare_rungs
from pipeline.compare.gate import Fall
from pipeline.compare.settings import Setting
from pipeline.compare.sides.results import Side
from pipeline.cycle.comment import BaseComparison, Judgement, comment_of, data_lines
from tests.compare.making import common_of, pets, told

FALLS = [
    Fall("voc_map_50", 0.9, 0.2, 0.89, "worse than the champion"),
    Fall("dog", math.nan, 0.1, 0.5, "floor"),
]


@pytest.fixture(scope="module")
def rung(tmp_path_factory: pytest.TempPathFactory) -> RungComparison:
    """Two predictions of a rung for four photos; the later one misses one."""
    objects = pets(4)
    folder = tmp_path_factory.mktemp("rung")
    return compare_rungs(common_of(folder, objects, told(objects), told(objects, [1])))


def comparison(rung: RungComparison, inputs: list[str], *settings: Setting) -> Comparison:
    """Return a comparison of one rung."""
    a = Side("main", "commit 0af3 (Add | photos)", {})
    b = Side(".", "this folder", {})
    return Comparison(a, b, "val", [rung], list(settings), inputs, [])


def test_a_refusal_has_its_reason_in_a_table(rung: RungComparison) -> None:
    found = comparison(rung, ["pipeline/train"], Setting("train.late.lr", "1", "2", ("ssd",)))
    judged = [
        Judgement("ssd", "version 3 refused", FALLS),
        Judgement("bbox", "passed", passed=True),
    ]
    text = comment_of("Refused: ssd", judged, BaseComparison(found), "## The ladder\n")
    assert text.startswith("## Refused: ssd\n\n- ssd: version 3 refused\n- bbox: passed\n\n")
    assert "### What failed in ssd" in text
    assert "| VOC mAP@.5 | 0.900 | 0.200 | 0.890 | worse than the champion |" in text
    assert "| dog |  | 0.100 | 0.500 | floor |" in text
    assert "### Compared with the result of commit 0af3 (Add \\| photos)\n" in text
    assert "| train.late.lr | 1 | 2 | all |" in text
    assert "Different inputs: pipeline/train." in text
    assert text.endswith("## The ladder\n") and "The data changed" not in text


def test_without_an_earlier_result_the_reason_is_told() -> None:
    text = comment_of("Retrained", [], BaseComparison(None, "there was none"), "## The ladder\n")
    assert text == (
        "## Retrained\n\nNot compared with an earlier result: there was none\n\n## The ladder\n"
    )


@pytest.mark.parametrize(
    "left_out", [LeftOut(only_in_a=1), LeftOut(only_in_b=2), LeftOut(other_truth=1)]
)
def test_other_labels_of_val_make_figures_incomparable(
    rung: RungComparison, left_out: LeftOut
) -> None:
    other = replace(rung, common=replace(rung.common, left_out=left_out))
    changed, incomparable = data_lines(comparison(other, ["data/tables/objects.parquet"]))
    assert changed == "The data changed: data/tables/objects.parquet."
    assert incomparable.startswith("Photos or labels of val changed, so the figures in the two")


def test_other_labels_of_train_leave_figures_comparable(rung: RungComparison) -> None:
    assert len(data_lines(comparison(rung, ["data/tables/objects.parquet", "dvc.yaml"]))) == 1
    assert data_lines(comparison(rung, ["pipeline/train"])) == []


def test_the_comment_is_no_page_of_its_own(rung: RungComparison, tmp_path: Path) -> None:
    text = comment_of("<script>", [Judgement("a", "b`c")], BaseComparison(comparison(rung, [])), "")
    assert "## \\<script>" in text and "- a: b\\`c" in text
