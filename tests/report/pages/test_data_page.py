"""The page of a data set: complete, escaped and self-contained, whatever the set contains."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from pipeline.checks.all_checks import check_tables
from pipeline.findings import CopiedPhoto, CopyChecks, CopyPair
from pipeline.report.pages.data_page import data_page
from pipeline.tables.build import build_tables
from tests.data.making import labels, pascal

NO_COPIES = CopyChecks(0, 0, 0, False, [])
VOID = {"meta", "br"}


class Parsed(HTMLParser):
    """The words, tags and ids of a page; unbalanced tags are refused."""

    def __init__(self, page: str):
        super().__init__()
        self.words, self.tags, self.ids, self.links = "", [], [], []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words += data


def page_of(objects, classes=("cat", "dog"), splits=("train",) * 3, copies=NO_COPIES, samples=12):
    tables = build_tables(labels(pascal(objects, splits, classes)))
    count = len(tables.images)
    found = check_tables(
        tables.images,
        tables.objects,
        decoded=np.ones(count, bool),
        copies=copies,
        input_side=100,
    )
    pixels = np.random.default_rng(0).integers(0, 255, (count, 32, 32, 3), dtype=np.uint8)
    return data_page(found, tables.images, tables.objects, pixels, samples)


ONE = [(0, "cat", (5, 5, 40, 30), 0)]


def test_a_photo_without_objects_is_shown_and_links_lead_to_sections():
    html = page_of(ONE)
    page = Parsed(html)
    assert page.tags.count("image") == 3
    assert [f"#{name}" for name in page.ids] == page.links
    assert "3 photos, 1 box, 2 classes" in page.words
    assert "None: no photo occurs twice." in page.words


def test_nothing_is_loaded_and_nothing_runs():
    html = page_of(ONE)
    assert "script" not in html and "http:" not in html and "https:" not in html
    sources = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert all(source.startswith(("#", "data:image/jpeg;base64,")) for source in sources)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "猫 & 犬", "قطة", "\"'><img src=x>", "कुत्ता", "🐈" * 60]
)
def test_names_in_any_script_are_words_and_no_html(name):
    page = Parsed(page_of([(0, name, (5, 5, 40, 30), 0)], [name]))
    assert page.words.count(name) >= 3  # its bar, the table, a photo
    assert not {"script", "img"} & set(page.tags)


@pytest.mark.parametrize("count", [1, 30, 1000])
def test_any_number_of_classes(count):
    classes = [f"class {n:04d}" for n in range(count)]
    objects = [(n % 3, name, (n % 50, 5, 40, 30), 0) for n, name in enumerate(classes)]
    html = page_of(objects, classes)
    assert len(html) < 400_000
    bins = html.count('class="name"') - min(count, 30)  # of two histograms
    assert 2 <= bins <= 20 + 11
    assert all(name in html for name in classes)


def test_histograms_end_where_their_counts_do():
    # Roots of shares of 100 x 50: .2, .2 and .4; twice as wide as high, and square.
    boxes = [(0, 0, 20, 10), (9, 0, 20, 10), (0, 0, 28.3, 28.3)]
    html = page_of([(0, "cat", box, 0) for box in boxes])
    shown = re.findall(r'class="name"><bdi>([^<]*)</bdi>.*?class="number">(\d+)', html)
    assert shown[2:] == [
        *[("20 to 25 %", "2"), ("25 to 30 %", "0"), ("30 to 35 %", "0"), ("35 to 40 %", "0")],
        *[
            ("40 to 45 %", "1"),
            ("up to 1.25", "1"),
            ("1.25 to 2, wide", "0"),
            ("2 to 4, wide", "2"),
        ],
    ]


def test_all_objects_but_one_are_ignored():
    page = Parsed(page_of([*ONE, *[(1, "dog", (n, 0, 20, 20), 1) for n in range(9)]]))
    assert "train3119" in page.words  # photos, without objects, objects, marked ignore
    assert page.tags.count("image") == 3


def test_unusual_boxes_are_shown_and_small_ones_circled():
    tiny = (0, "cat", (50, 20, 1, 1), 0)
    html = page_of([*ONE, *ONE, tiny, (1, "dog", (0, 0, 60, 3), 0)])
    page = Parsed(html)
    # One repeated, one tiny, which is of a pixel, too, and one long.
    assert page.tags.count("image") == 3 + 1 + 1 + 1 + 1
    assert html.count('stroke="#fff"') == 3  # around the tiny one, here, there and among all


def test_of_very_many_boxes_the_first_are_drawn():
    html = page_of([(0, "cat", (n % 60, n % 30, 20, 20), 0) for n in range(5000)], samples=1)
    assert len(html) < 250_000
    assert "(the first 500 boxes are drawn)" in html and "5000 <bdi>cat</bdi>" in html


def test_copies_stand_side_by_side_and_one_left_out_is_named():
    first, second = CopiedPhoto("0.jpg", 7, "train"), CopiedPhoto("b.jpg", 99, "val")
    copies = CopyChecks(1, 0, 1, True, [CopyPair(first, second, True, False)])
    page = Parsed(page_of(ONE, copies=copies))
    assert page.tags.count("image") == 3 + 1
    assert "left out" in page.words and "b.jpg, val" in page.words
    assert "equal files, different boxes" in page.words


def test_samples_are_spread_over_the_set_and_never_too_many():
    splits = ["train"] * 100
    page = Parsed(page_of(ONE, splits=splits, samples=3))
    assert page.tags.count("image") == 3
    assert "0.jpg, train" in page.words and "99.jpg, train" in page.words
    assert Parsed(page_of(ONE, splits=splits, samples=90)).tags.count("image") == 24


def test_the_same_findings_give_the_same_page():
    assert page_of(ONE) == page_of(ONE)


def test_findings_without_a_line_say_so():
    plenty = [(n % 3, name, (n, 0, 20, 20), 0) for n in range(12) for name in ("cat", "dog")]
    splits = ("train", "train", "train", "val", "val")
    page = Parsed(page_of(plenty, splits=splits))
    assert "Nothing: the checks found no problems." in page.words


def test_a_set_that_training_will_refuse_says_so():
    page = Parsed(page_of(ONE))
    assert "photos in val: 0 of 3, and training needs 2; put more there, or set" in page.words
