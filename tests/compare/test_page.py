"""The page of a comparison: complete, escaped, and with the photos that differ."""

import re

import pytest
from PIL import Image

from pipeline.compare.comparison import compare_results
from pipeline.compare.page import PAGE_TITLE, comparison_page
from pipeline.compare.sides.find_result import find_result
from pipeline.compare.words import OTHER_CHANCE
from tests.compare.making import LEFT, pets, told, write_result
from tests.report.pages.test_data_page import Parsed

OBJECTS = {**pets(8), "<b>&.jpg": [("cat", LEFT)]}


@pytest.fixture
def html(tmp_path):
    """Return the page of two results: one rung of each kind, all photos present but the first."""

    def make(missed):
        for side, wrong in (("a", []), ("b", missed)):
            rungs = {"ssd": told(OBJECTS, wrong), "bbox": told(OBJECTS, wrong)}
            rungs["classifier"] = {p: [("cat", LEFT, 1)] for p in OBJECTS}
            write_result(tmp_path / side, OBJECTS, rungs)
        source = tmp_path / "source/photos"
        source.mkdir(parents=True)
        for name in [*OBJECTS][1:]:
            Image.new("RGB", (100, 50)).save(source / name)
        sides = [find_result(str(tmp_path / side)) for side in ("a", "b")]
        order = ["classifier", "bbox", "ssd"]
        return comparison_page(compare_results(*sides, "val", order), tmp_path / "source")

    return make


def test_of_rungs_that_answer_the_same_the_verdict_is_all(html):
    text = html([])
    page = Parsed(text)
    assert PAGE_TITLE in text
    assert "image" not in page.tags and page.links == ["#verdict", "#made"]
    assert page.words.count("no difference beyond chance") == 3
    assert OTHER_CHANCE in page.words and "No parameter differs." in page.words


def test_photos_that_only_one_finds_are_named_and_drawn(html):
    page = Parsed(html([0, 2, 8]))
    assert page.tags.count("image") == 2 * 2 * 3  # ssd and bbox, two photos, true, A and B
    assert all(name in page.words for name in ("002.jpg", "<b>&.jpg", "000.jpg"))
    assert page.words.count("1 of the first 3 photos are not shown") == 2
    assert [f"#{name}" for name in page.ids] == page.links


def test_boxes_without_a_class_are_drawn_without_a_name(html):
    text = html([2])
    of_bbox = text[text.index('id="rung-1"') : text.index('id="rung-2"')]
    assert of_bbox.count('stroke="#ffd91a"') == 2  # yellow, in A and in B
    assert of_bbox.count('class="chip"') == 1  # of the truth


def test_nothing_is_loaded_and_nothing_runs(html):
    text = html([0, 2, 8])
    assert "script" not in text and "http:" not in text and "https:" not in text
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert all(source.startswith(("#", "data:image/jpeg;base64,")) for source in sources)
