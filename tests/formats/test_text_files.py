"""Small texts: the mark at their beginning, and what is no text."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.text_files import read_lines


def test_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "absent.txt") == []
    (tmp_path / "a.txt").write_text("one\n\ntwo", encoding="utf-8-sig")
    assert read_lines(tmp_path / "a.txt") == ["one", "", "two"]


def test_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xe9t\xe9")
    with pytest.raises(InputError, match=r"a.txt: not text in UTF-8; save it again"):
        read_lines(tmp_path / "a.txt")
