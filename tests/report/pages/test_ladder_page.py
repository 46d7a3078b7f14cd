"""The ladder's page is self-contained."""

from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from pipeline.report.pages.ladder_page import ladder_page
from tests.report.pages.ladder import ladder


def test_everything_is_in_the_file(tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    (figures / "bbox").mkdir(parents=True)
    for name in ("ladder.png", *(f"bbox/{one}.png" for one in ("val_grid", "curves", "pr_curves"))):
        Image.new("RGB", (2000, 500)).save(figures / name)
    html = ladder_page(ladder(tmp_path / "evaluation"), figures, ["2 boxes < 1 px"], "3 photos")
    assert html.count("data:image/webp;base64,") == 4
    assert "https://" not in html and 'src="figures' not in html
    assert 'width="1400" height="350"' in html  # no larger than a screen shows
    assert "4.7 (4.3 to 5.1)" in html and "mean_iou 0.862, one photo alone" in html
    assert "class &lt;1&gt;" in html and "2 boxes &lt; 1 px" in html
    body = html[html.index("<body>") : html.index("</html>")]
    tree = ElementTree.fromstring(body)  # each tag is closed
    assert [one.get("id") for one in tree.iter("section")] == [
        *("ladder", "bbox", "ssd_fpn", "data", "again")
    ]
    unfolded = [one.findtext("summary") for one in tree.iter("details")]
    curves = ["Training and validation curves", "Precision and recall of each class"]
    assert unfolded == [*curves, "Classes", "Errors in numbers"]


def test_without_rungs_pictures_or_findings(tmp_path: Path) -> None:
    html = ladder_page([], tmp_path, [], "no photos")
    assert "The checks found no problems." in html and "<img" not in html
