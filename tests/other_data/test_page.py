"""The page is self-contained."""

from dataclasses import replace
from xml.etree import ElementTree

from PIL import Image

from commands.evaluate import write_results
from pipeline.other_data.page import evaluation_page
from pipeline.other_data.result import ClassFigure
from pipeline.report.answers import read_answers
from tests.other_data.making import evaluation_on, right_answers, small_tables


def test_everything_is_in_the_file(tmp_path):
    tables = small_tables(tmp_path / "mine")
    predictions = right_answers(tables)
    write_results(tmp_path / "results", tables, predictions, {})
    evaluation = evaluation_on(tmp_path / "<mine>", tables, predictions, tmp_path / "results")
    answers = read_answers("ssd_fpn", predictions, tmp_path / "results")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("test_worst.png", "grid.png", "pr_curves.png"):
        Image.new("RGB", (2000, 500)).save(pictures / name)
    html = evaluation_page(evaluation, answers, pictures)
    assert html.count("data:image/webp;base64,") == 3 and 'width="1400" height="350"' in html
    assert "&lt;mine&gt;" in html and "models/a" in html and "https://" not in html
    assert (
        html.index("Precision and recall")
        < html.index("worst predictions")
        < html.index("Photos with")
    )
    assert "objects marked ignore, neither sought nor wrong: 1" in html
    assert "that come with the model" in html
    body = html[html.index("<body>") : html.index("</html>")]
    tree = ElementTree.fromstring(body)  # each tag is closed
    assert [one.get("id") for one in tree.iter("section")] == ["figures", "pictures", "labels"]
    best_here = evaluation_page(replace(evaluation, label_scores="best here"), answers, pictures)
    assert "best on these photos" in best_here and "come with the model," not in best_here
    assert "3 photos, 3 objects that count." in html
    one = evaluation_page(replace(evaluation, photos=1, objects=1), answers, pictures)
    assert "1 photo, 1 object that counts." in one
    three = evaluation.classes | {"owl": ClassFigure(None, 0)}
    of_three = evaluation_page(replace(evaluation, classes=three), answers, pictures)
    assert "1 class has no objects here." in of_three and "no objects here" not in html
    assert "Unchanged." in evaluation_page(replace(evaluation, notes=[]), answers, pictures)
