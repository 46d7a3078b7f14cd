"""The tables of docs/performance.md are those that `make bench` renders."""

import shutil

from benchmarks.__main__ import REPORT, RESULTS, TOPICS, find_topic
from benchmarks.report import write_report
from tests.conftest import ROOT


def test_tables_are_rendered_from_the_results(tmp_path):
    page = ROOT / REPORT
    rendered = tmp_path / "page.md"
    shutil.copy(page, rendered)
    write_report(rendered, [(name, find_topic(name)) for name in TOPICS], ROOT / RESULTS)
    assert rendered.read_text() == page.read_text()


def test_what_stands_around_them_stays(tmp_path):
    page = tmp_path / "page.md"
    marks = "<!-- figures: made by make bench -->old<!-- end of figures -->"
    page.write_text(f"above\n{marks}\nbelow\n")
    write_report(page, [], tmp_path)
    text = page.read_text()
    assert text.startswith("above\n") and text.endswith("below\n") and "old" not in text
