"""The page in a real browser: boxes are drawn, keys decide, and what it exports is read again."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.review.decisions import apply_review, read_review
from pipeline.review.order import Knowledge, by_doubt
from pipeline.review.page import review_page
from tests.review.making import machine_labels, places

NOTHING = Knowledge(label_scores={}, confused={}, usual_sizes={})


def page_of(folder: Path, name: str = "c.jpg") -> str:
    labels = machine_labels(folder, name)
    photos = [folder / file for file in labels.images["file_name"].to_pylist()]
    return review_page(labels, by_doubt(labels, NOTHING), photos)


def run_on(page: str, folder: Path, script: str) -> object:
    """Return the value of a JavaScript expression on the page in headless Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("no Chromium here: apt install chromium")
    file = folder / "page.html"
    noted = (
        "<script>const said = document.createElement('pre'); said.id = 'said';"
        f"said.textContent = JSON.stringify((() => {{ {script} }})());"
        "document.body.append(said);</script>"
    )
    file.write_text(page.replace("</html>", noted + "</html>"), encoding="utf-8")
    words = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    profile = f"--user-data-dir={folder / 'profile'}"
    shown = subprocess.run(
        [*words, profile, "--virtual-time-budget=2000", file.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    found = re.search(r'<pre id="said">(.*?)</pre>', shown, re.DOTALL)
    assert found, shown[-2000:]
    return json.loads(html.unescape(found[1]))


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
    decisions = read_review(tmp_path / "review.json")
    reviewed = apply_review(machine_labels(tmp_path), decisions, tmp_path / "review.json")
    assert places(reviewed) == [(0, "dog", -1), (1, "cat", -1)]


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
def test_filters_and_what_the_browser_keeps(tmp_path: Path) -> None:
    page = page_of(tmp_path)
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
    seen = run_on(page, tmp_path, script)
    assert seen == [0, ["b.jpg"], ["a.jpg"], ["b.jpg"]]
    assert run_on(page, tmp_path, "return decisions.size;") == 1
