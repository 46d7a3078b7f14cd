"""The documents name files that are there."""

import re

import pytest

from tests.conftest import ROOT

DOCUMENTS = ["README.md", "photos/README.md", "dvc.yaml", "params.yaml"]
DOCUMENTS += [str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md")]
SOURCES = re.compile(r"(?<![\w/.])((?:[\w.]+/)*[\w.]+\.(?:py|params))(?![\w/])")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_source_that_is_named_is_there(document):
    named = set(SOURCES.findall((ROOT / document).read_text()))
    here = {name for name in named if "/" in name and "NAME" not in name}
    assert [name for name in sorted(here) if not (ROOT / name).is_file()] == []


def test_what_is_looked_for_is_found():
    assert SOURCES.findall("by `a/b.py`, c.params (x/y.params)") == [
        "a/b.py",
        "c.params",
        "x/y.params",
    ]
    assert any(SOURCES.findall((ROOT / document).read_text()) for document in DOCUMENTS)
