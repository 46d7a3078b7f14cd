"""The page in a real browser: boxes are drawn, keys decide, and what it exports is read again."""

import base64
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.formats.labels import LabelledBox, labels_of_boxes
from pipeline.review.decisions import apply_reviews, read_review
from pipeline.review.order import Doubt, Knowledge, by_doubt
from pipeline.review.page import review_page
from tests.browser import Page, chromium
from tests.review.making import machine_labels, places
from tests.turned_photo import photo_turned_by_xmp

NOTHING = Knowledge(label_scores={}, confused={}, usual_sizes={})


def page_of(folder: Path, name: str = "c.jpg") -> str:
    labels = machine_labels(folder, name)
    photos = [folder / file for file in labels.images["file_name"].to_pylist()]
    return review_page(labels, by_doubt(labels, NOTHING), photos)


def pictures_of(page: str) -> list[Image.Image]:
    encoded = re.findall(r"data:image/jpeg;base64,([\w+/=]+)", page)
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in encoded]


def run_on(page: str, folder: Path, script: str) -> object:
    """Return what a JavaScript function's body returns on the page in headless Chromium."""
    with opened(page, folder) as browser:
        return browser.value(f"(() => {{ {script} }})()")


@contextmanager
def opened(page: str, folder: Path) -> Iterator[Page]:
    """Yield a browser that shows the page."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    with chromium(folder / "profile") as browser:
        browser.open(file.as_uri(), 1000, 800)
        yield browser


def test_it_needs_nothing_beside_it(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    assert not re.search(r'(src|href)="?(http|//|/)', page)
    assert page.count("data:image/jpeg;base64,") == 3


def test_names_cannot_end_the_script(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    labels.classes[0] = "</script><b>"
    photos = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    page = review_page(labels, by_doubt(labels, NOTHING), photos)
    assert page.count("</script>") == 1


def test_a_photo_that_does_not_decode_is_named(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    (tmp_path / "b.jpg").write_bytes(b"no photo")
    photos = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    with pytest.raises(InputError, match=r"b.jpg: does not decode .*; leave it out"):
        review_page(labels, by_doubt(labels, NOTHING), photos)


def test_a_jpeg_of_any_size_is_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.photo_files.MOST_PIXELS_BY_LINES", 60 * 40 - 1)
    assert len(pictures_of(page_of(tmp_path))) == 3


def test_what_is_transparent_is_white_on_the_page(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    Image.new("RGBA", (60, 40)).save(tmp_path / "c.jpg", "PNG")
    photos = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    page = review_page(labels, by_doubt(labels, NOTHING), photos)
    assert sorted(picture.getpixel((30, 20)) for picture in pictures_of(page)) == [
        (128, 128, 128),
        (128, 128, 128),
        (255, 255, 255),
    ]


def test_grey_of_16_bits_has_its_shades_on_the_page(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path, "c.png")
    Image.fromarray(np.full((40, 60), 40_000, np.uint16)).save(tmp_path / "c.png")
    photos = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.png")]
    page = review_page(labels, by_doubt(labels, NOTHING), photos)
    assert {picture.getpixel((30, 20))[0] for picture in pictures_of(page)} == {128, 40_000 >> 8}


def test_a_photo_lies_on_the_page_as_its_boxes_do(tmp_path: Path) -> None:
    labels = labels_of_boxes(
        tmp_path / "labels.json",
        tmp_path,
        [{"file_name": "a.jpg", "width": 16, "height": 8}],
        [LabelledBox(0, "cat", [1, 1, 5, 5], score=0.9)],
    )
    photo = photo_turned_by_xmp(tmp_path / "a.jpg")
    [picture] = pictures_of(review_page(labels, by_doubt(labels, NOTHING), [photo]))
    assert picture.size == (16, 8)


@pytest.mark.slow
def test_photos_and_boxes_are_shown_the_most_doubtful_first(tmp_path: Path) -> None:
    script = """
      const cards = [...document.querySelectorAll('article')];
      return cards.map((card) => [card.querySelector('h2').textContent,
        [...card.querySelectorAll('rect')].map((rect) =>
          ['x', 'y', 'width', 'height'].map((side) => +rect.getAttribute(side)))]);
    """
    assert run_on(page_of(tmp_path), tmp_path, script) == [
        ["b.jpg", [[5, 5, 30, 30], [30, 10, 20, 20]]],
        ["c.jpg", []],
        ["a.jpg", [[10, 10, 20, 20]]],
    ]


@pytest.mark.slow
def test_keys_decide_and_the_export_is_applied(tmp_path: Path) -> None:
    script = """
      const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', { key }));
      press('x'); press('n'); press('a');   // b.jpg: the dog is none, the cat is one
      press('j'); press('a');               // c.jpg has no box to accept
      press('j');
      const select = document.querySelectorAll('article')[2].querySelector('select');
      select.value = 'dog';
      select.dispatchEvent(new Event('change'));
      return [exported(), document.getElementById('state').textContent];
    """
    review, state = run_on(page_of(tmp_path), tmp_path, script)
    assert state == "3 of 3 photos · 3 of 3 boxes decided"
    (tmp_path / "review.json").write_text(json.dumps(review))
    reviewed = apply_reviews(machine_labels(tmp_path), [read_review(tmp_path / "review.json")])
    assert places(reviewed.labels) == [(0, "dog", -1), (1, "cat", -1)]
    assert reviewed.unfit == [[]] and len(review["page"]) == 16


@pytest.mark.slow
def test_a_class_with_two_spaces_in_its_name_stays_one(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    labels.classes[1] = "guide  dog"
    photos = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    page = review_page(labels, by_doubt(labels, NOTHING), photos)
    script = """
        const select = document.querySelector("li select");
        select.selectedIndex = 2;
        select.dispatchEvent(new Event("change"));
        return JSON.stringify(exported().decisions[0].to);"""
    assert json.loads(str(run_on(page, tmp_path, script))) == "guide  dog"


@pytest.mark.slow
def test_keys_decide_only_about_what_is_seen_and_open(tmp_path: Path) -> None:
    script = """
      const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', { key }));
      const set = (id, value) => { const input = document.getElementById(id);
        input.value = value; input.dispatchEvent(new Event('input')); };
      set('class', 'cat'); press('x');      // b.jpg: its dog is hidden, its cat is none
      set('class', ''); press('A');         // all else in it is right
      const made = exported().decisions;
      set('class', 'owl'); press('x');      // nothing is shown
      return [made.map((one) => [one.photo, one.name, one.action]), decisions.size];
    """
    page = page_of(tmp_path).replace('"classes": ["cat"', '"classes": ["owl", "cat"')
    decided, after = run_on(page, tmp_path, script)
    assert sorted(decided) == [["b.jpg", "cat", "reject"], ["b.jpg", "dog", "accept"]]
    assert after == 2


@pytest.mark.slow
def test_of_undecided_boxes_a_key_goes_on_with_the_next_one(tmp_path: Path) -> None:
    script = """
      const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', { key }));
      document.getElementById('open').click();
      press('a'); press('x'); press('a');
      press('x');                           // nothing is left
      return exported().decisions.map((one) => [one.photo, one.name, one.action]);
    """
    assert run_on(page_of(tmp_path), tmp_path, script) == [
        ["b.jpg", "dog", "accept"],
        ["b.jpg", "cat", "reject"],
        ["a.jpg", "cat", "accept"],
    ]


@pytest.mark.slow
def test_filters_hide_what_they_say(tmp_path: Path) -> None:
    script = """
      const shown = () => [...document.querySelectorAll('article')].filter((card) => !card.hidden)
        .map((card) => card.querySelector('h2').textContent);
      const set = (id, value) => { const input = document.getElementById(id);
        if (input.type === 'checkbox') input.checked = value; else input.value = value;
        input.dispatchEvent(new Event('input')); };
      const seen = [decisions.size];
      set('class', 'dog'); seen.push(shown()); set('class', '');
      set('from', '0.92'); seen.push(shown()); set('from', '0');
      choose(2, 0); decide(2, 0, 'accept');
      set('open', true); seen.push(shown());
      return seen;
    """
    assert run_on(page_of(tmp_path), tmp_path, script) == [0, ["b.jpg"], ["a.jpg"], ["b.jpg"]]


@pytest.mark.slow
def test_decisions_outlive_a_reload(tmp_path: Path) -> None:
    with opened(page_of(tmp_path), tmp_path) as browser:

        def after_reload() -> object:
            browser.value("choose(2, 0); decide(2, 0, 'accept')")
            browser.open((tmp_path / "page.html").as_uri(), 1000, 800)
            return browser.value("exported().decisions.map((one) => [one.photo, one.action])")

        assert browser.value("decisions.size") == 0
        # On a busy machine Chromium may reload before it has stored what was decided just then.
        assert any(after_reload() == [["a.jpg", "accept"]] for _ in range(20))


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["null", "{ setItem() { throw new Error('full') } }"])
def test_a_browser_that_stores_nothing_is_told_of(tmp_path: Path, storage: str) -> None:
    barred = f"<script>Object.defineProperty(window, 'localStorage', {{ value: {storage} }});"
    page = page_of(tmp_path).replace("<script>", barred)
    script = """
      decide(2, 0, 'accept');
      const { hidden, innerText } = document.getElementById('forgets');
      return [hidden, innerText.split(':')[0], exported().decisions.length];
    """
    assert run_on(page, tmp_path, script) == [False, "This browser does not store decisions", 1]
    with_storage = "return document.getElementById('forgets').hidden"
    assert run_on(page_of(tmp_path), tmp_path, with_storage)


@pytest.mark.slow
def test_decisions_are_on_a_page_that_is_made_again(tmp_path: Path) -> None:
    decided = "exported().decisions.map((one) => [one.photo, one.action])"
    with opened(page_of(tmp_path), tmp_path) as browser:

        def on(page: str) -> object:
            (tmp_path / "page.html").write_text(page, encoding="utf-8")
            browser.open((tmp_path / "page.html").as_uri(), 1000, 800)
            return browser.value(decided)

        def after_another_photo() -> object:
            on(page_of(tmp_path))
            browser.value("choose(2, 0); decide(2, 0, 'accept')")
            return on(page_of(tmp_path, "another.jpg"))

        # On a busy machine Chromium may reload before it has stored what was decided just then.
        assert any(after_another_photo() == [["a.jpg", "accept"]] for _ in range(20))
        browser.value("choose(2, 0); decide(2, 0, '')")
        assert any(on(page_of(tmp_path)) == [] for _ in range(20))


def keys_of(page: str) -> list[list[str]]:
    """Return for each photo of a page the keys of its boxes."""
    [data] = re.findall(r"const data = (.*);", page)
    return [[box["key"] for box in photo["boxes"]] for photo in json.loads(data)["photos"]]


def test_what_was_seen_keeps_its_decisions(tmp_path: Path) -> None:
    labels = machine_labels(tmp_path)
    photos = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    doubts = by_doubt(labels, NOTHING)
    [dog, cat], [], [sure_cat] = keys_of(review_page(labels, doubts, photos))
    assert len({dog, cat, sure_cat}) == 3
    # Fewer photos, other reasons, and of b.jpg one box alone.
    fewer = labels.of_objects(labels.scores > 0.5)
    some = [replace(doubt, reasons=("other",)) for doubt in reversed(doubts[1:])]
    assert keys_of(review_page(fewer, some, photos)) == [[sure_cat], []]
    assert keys_of(review_page(fewer, doubts, photos))[0] == [cat]


@pytest.mark.parametrize(
    "other",
    [
        {"scores": np.array([0.94, 0.45, 0.9], np.float32)},  # as another model may have it
        {"boxes": np.array([[10, 10, 20, 21], [5, 5, 30, 30], [30, 10, 20, 20]], float)},
        {"labels": np.array([1, 1, 0], np.int16)},
    ],
    ids=["score", "box", "class"],
)
def test_a_box_that_has_changed_has_no_decisions(
    tmp_path: Path, other: dict[str, np.ndarray]
) -> None:
    labels, doubts = machine_labels(tmp_path), [Doubt(0, 1, ())]
    [before] = keys_of(review_page(labels, doubts, [tmp_path / "a.jpg"]))
    [after] = keys_of(review_page(replace(labels, **other), doubts, [tmp_path / "a.jpg"]))
    assert len(before) == len(after) == 1 and before != after


def test_boxes_of_a_photo_that_has_changed_have_no_decisions(tmp_path: Path) -> None:
    labels, doubts, photo = machine_labels(tmp_path), [Doubt(0, 1, ())], tmp_path / "a.jpg"
    [before] = keys_of(review_page(labels, doubts, [photo]))
    Image.new("RGB", (60, 40), "white").save(photo)
    [after] = keys_of(review_page(labels, doubts, [photo]))
    assert len(before) == len(after) == 1 and before != after


def with_many_boxes(folder: Path, boxes: int) -> str:
    """Return the page of two photos, the first with so many boxes."""
    images = [{"file_name": name, "width": 60, "height": 40} for name in ("a.jpg", "b.jpg")]
    for image in images:
        Image.new("RGB", (60, 40), "grey").save(folder / image["file_name"])
    found = [LabelledBox(0, "cat", [n, n % 30, 9, 9], score=0.5) for n in range(boxes)]
    labels = labels_of_boxes(folder / "labels.json", folder, images, found, classes=["cat"])
    photos = [folder / image["file_name"] for image in images]
    return review_page(labels, by_doubt(labels, NOTHING), photos)


@pytest.mark.slow
def test_keys_are_told_in_the_header_and_the_picture_stays_beside_the_box(tmp_path: Path) -> None:
    script = """
      const edges = (what) => { const { top, bottom } = what.getBoundingClientRect();
        return [Math.round(top), Math.round(bottom)]; };
      const card = document.querySelector('article');
      const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', { key }));
      for (let n = 0; n < 30; n++) press('n');
      const [told] = document.querySelectorAll('header details kbd');
      return [told.textContent, innerHeight, scrollY, edges(document.querySelector('header')),
        edges(card.querySelector('.view')), edges(card.querySelector('li.chosen'))];
    """
    page = with_many_boxes(tmp_path, 40)
    key, height, scrolled, header, picture, item = run_on(page, tmp_path, script)
    assert key == "j"
    assert scrolled > 400
    assert header[0] == 0 and picture[0] == header[1]
    assert picture[1] <= item[0] and item[1] <= height
