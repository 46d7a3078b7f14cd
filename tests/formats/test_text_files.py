"""Small text files: byte order marks, and files that are not text."""

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.text_files import beginning_of, read_lines


def test_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "absent.txt") == []
    (tmp_path / "a.txt").write_text("one\n\ntwo", encoding="utf-8-sig")
    assert read_lines(tmp_path / "a.txt") == ["one", "", "two"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le"])
def test_another_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("été".encode(encoding))
    with pytest.raises(InputError, match=r"a.txt: not text in UTF-8; save it as UTF-8"):
        read_lines(tmp_path / "a.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_a_beginning_is_the_same_in_any_unicode(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("names: [cat]".encode(encoding))
    assert beginning_of(tmp_path / "a.txt") == b"names: [cat]"


def test_a_folder_has_no_beginning(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").mkdir()
    assert beginning_of(tmp_path / "data.yaml") == b""
    assert read_lines(tmp_path / "data.yaml") == []
