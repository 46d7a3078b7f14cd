"""A page replaces an earlier one and nothing else."""

from pathlib import Path

import pytest

from commands.options.page import check_page
from pipeline.errors import InputError

TITLE = "<title>Soups</title>"


def test_a_new_file_and_an_earlier_page_will_do(tmp_path: Path) -> None:
    check_page(tmp_path / "new.html", TITLE, "--out")
    (tmp_path / "old.html").write_text(f"<html>{TITLE}")
    check_page(tmp_path / "old.html", TITLE, "--out")


def test_nothing_else_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("my notes")
    for name, fault in (
        ("mine.html", "exists and is not a page of this command; name another with --out"),
        ("", "is a folder; name a file with --out"),
        ("absent/a.html", "its folder does not exist; name another with --out"),
    ):
        with pytest.raises(InputError, match=fault):
            check_page(tmp_path / name, TITLE, "--out")
