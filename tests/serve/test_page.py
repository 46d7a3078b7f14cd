"""The page in a real browser, with a real server behind it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pipeline.serve.page import PAGE_HEADERS, page
from tests.browser import Page, chromium
from tests.inference.making import CLASSES, pixels_of
from tests.serve.making import MIN_SCORE, Running, encoded

DONE = "shown.length && shown.every(({ answer, error }) => answer || error)"
WIDE, SMALL = (1200, 900), (360, 740)


def texts_of(selector: str) -> str:
    """Return an expression for the texts of all matching elements."""
    return f"[...document.querySelectorAll('{selector}')].map((one) => one.textContent)"


NAMES = texts_of(".box span")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("browser") / "profile") as opened:
        yield opened


@pytest.fixture
def opened(browser: Page, served: Running) -> Page:
    """Return the page in a wide window, before any photo is added."""
    browser.open(served.address, *WIDE)
    browser.until("model.classes.length > 0")
    return browser


def photo_file(folder: Path, name: str, **options: object) -> Path:
    file = folder / name
    file.write_bytes(encoded("JPEG", **options))
    return file


def test_it_needs_no_network() -> None:
    assert not re.search(r'(src|href|url)[=(]"?(https?:|//)', page())
    assert "default-src 'none'" in PAGE_HEADERS["Content-Security-Policy"]


def test_it_is_served_with_its_headers(served: Running) -> None:
    answer = served.ask("GET", "/")
    assert answer.text.decode() == page()
    assert answer.headers["content-security-policy"].endswith("form-action 'none'")


@pytest.mark.slow
def test_boxes_lie_on_the_photo_where_the_server_says(
    opened: Page, served: Running, tmp_path: Path
) -> None:
    photo = photo_file(tmp_path, "it's.jpg")
    [told] = served.predict(photo.read_bytes(), "image/jpeg").json["photos"]
    opened.choose("#files", [photo])
    opened.until(DONE)
    opened.until("document.querySelector('.view img').complete")
    names = [f"{one['label']} {one['score']:.2f}" for one in told["detections"]]
    assert sorted(opened.value(NAMES)) == sorted(names) and names
    places = opened.value(
        """[...document.querySelectorAll('.box')].map((box) => {
          const photo = box.parentElement.querySelector('img').getBoundingClientRect();
          const { left, top, right, bottom } = box.getBoundingClientRect();
          return [(left - photo.left) / photo.width * 60, (top - photo.top) / photo.height * 40,
            (right - photo.left) / photo.width * 60, (bottom - photo.top) / photo.height * 40];
        })"""
    )
    boxes = sorted(one["box"] for one in told["detections"])
    for place, box in zip(sorted(places), boxes, strict=True):
        assert place == pytest.approx(box, abs=0.2)
    curl = opened.value("byId('curl').textContent")
    assert curl == rf"curl -F 'photos=@it'\''s.jpg' {served.address}predict"
    shown = json.loads(opened.value("document.querySelector('article pre').textContent"))
    assert shown == {"photos": [told | {"name": "it's.jpg"}]}


@pytest.mark.slow
def test_the_slider_chooses_without_asking_again(opened: Page, tmp_path: Path) -> None:
    opened.choose("#files", [photo_file(tmp_path, "a.jpg")])
    opened.until(DONE)
    by_class = len(opened.value(NAMES))
    opened.value("byId('score').focus()")
    for _ in range(30):
        opened.press("ArrowLeft")
    assert opened.value("[byId('score').value, byId('own').checked]") == ["0", False]
    assert (by_class, len(opened.value(NAMES))) == (2, 5)
    assert opened.value("byId('state').textContent") == "5 objects in 1 photo"
    assert opened.value("byId('curl').textContent").endswith("/predict?min_score=0'")
    opened.value("byId('own').click()")
    assert len(opened.value(NAMES)) == by_class


@pytest.mark.slow
def test_turned_broken_and_many_photos(opened: Page, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned, broken = photo_file(tmp_path, "turned.jpg", exif=exif), tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    scan = tmp_path / "scan.tif"
    Image.fromarray(pixels_of(60, 40)).save(scan)
    more = [photo_file(tmp_path, f"{number}.jpg") for number in range(9)]
    opened.choose("#files", [turned, broken, scan, *more])
    opened.until(DONE)
    heads = opened.value(texts_of("article h2"))
    sizes = [head.replace("\N{MULTIPLICATION SIGN}", "x") for head in heads]
    assert sizes[:3] == ["turned.jpg 40 x 60", "broken.jpg ", "scan.tif 60 x 40"]
    assert len(sizes) == 12
    assert opened.value(texts_of(".error")) == [
        "not a photo of a known kind; send JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or JPEG 2000"
    ]
    assert opened.value("document.querySelectorAll('.view.blind .box').length") == 2
    opened.value("byId('clear').click()")
    assert opened.value("[document.querySelectorAll('article').length, byId('clear').hidden]") == [
        0,
        True,
    ]


@pytest.mark.slow
def test_a_photo_is_dropped_and_a_name_shows_its_box_alone(opened: Page) -> None:
    opened.value(
        """(async () => {
          const canvas = Object.assign(document.createElement('canvas'), { width: 60, height: 40 });
          canvas.getContext('2d').fillRect(9, 9, 20, 20);
          const photo = await new Promise((done) => canvas.toBlob(done));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([photo], 'dropped.png', { type: 'image/png' }));
          document.dispatchEvent(new DragEvent('dragover', { dataTransfer, cancelable: true }));
          document.dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
        })()"""
    )
    opened.until(DONE)
    opened.value("byId('score').value = 0; byId('score').dispatchEvent(new Event('input'))")
    opened.value("document.querySelector('.found button').focus()")
    opened.value("document.activeElement.click()")
    assert opened.value("document.querySelectorAll('.view.one .box.chosen').length") == 1
    opened.value("document.activeElement.click()")
    assert opened.value("document.querySelectorAll('.view.one, .box.chosen').length") == 0


@pytest.mark.slow
def test_a_small_screen_has_nothing_beside_it(
    browser: Page, served: Running, tmp_path: Path
) -> None:
    browser.open(served.address, *SMALL)
    browser.until("model.classes.length > 0")
    browser.choose("#files", [photo_file(tmp_path, "a-name-without-any-space" * 9 + ".jpg")])
    browser.until(DONE)
    browser.value("document.querySelector('details').open = true")
    assert browser.value("document.documentElement.scrollWidth") <= SMALL[0]


@pytest.mark.slow
def test_the_keyboard_reaches_everything(opened: Page, tmp_path: Path) -> None:
    opened.choose("#files", [photo_file(tmp_path, "a.jpg")])
    opened.until(DONE)
    opened.value("document.activeElement.blur()")
    reached = []
    for _ in range(12):
        opened.press("Tab")
        reached.append(opened.value("document.activeElement.id || document.activeElement.tagName"))
    assert [*dict.fromkeys(reached)][:7] == [
        "files",
        "score",
        "own",
        "clear",
        "BUTTON",
        "SUMMARY",
        "copy",
    ]


def test_what_the_page_knows_of_the_model(served: Running) -> None:
    health = served.ask("GET", "/health").json
    assert health["classes"] == CLASSES and health["lowest_score"] < MIN_SCORE
