"""The short form for a pull request."""

from pathlib import Path

from pipeline.report.pages.ladder_markdown import ladder_markdown
from tests.report.pages.ladder import ladder


def test_the_whole_text(tmp_path: Path) -> None:
    text = ladder_markdown(ladder(tmp_path), ["a|b *c*"], "3 photos")
    assert (
        text
        == """\
## The ladder, val

| rung | L1 px | mean IoU | VOC mAP@.5 |
| --- | --- | --- | --- |
| bbox | 4.7 (4.3 to 5.1) | 0.862 |  |
| ssd_fpn |  |  | 0.981 (0.969 to 0.994) |

95 % intervals over the photos; for L1 px, lower is better.

## The classes of ssd_fpn

| class | average precision | objects |
| --- | --- | --- |
| class \\<1> | 0.500 | 3 |
| class \\<0> | 0.000 | 3 |

## The data set

3 photos.

- a\\|b \\*c\\*

To reproduce this, check out its commit; dvc pull fetches the results, make repro makes the rest.
"""
    )


def test_many_classes_and_findings_are_cut_with_a_word(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(20)]
    text = ladder_markdown(ladder(tmp_path, classes=200), lines, "3 photos")
    assert "| class \\<199> | 0.995 | 3 |" in text and "| class \\<0> | 0.000 | 3 |" in text
    assert "180 classes between them are left out." in text
    assert "- line 11\n- and 8 more" in text and "line 12" not in text
    assert len(text) < 4000


def test_no_rungs_and_no_findings() -> None:
    text = ladder_markdown([], [], "no photos")
    assert "The checks found no problems." in text and "classes of" not in text
