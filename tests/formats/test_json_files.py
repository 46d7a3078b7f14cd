"""JSON files, as all formats that use JSON open them."""

from math import isnan
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.formats.json_files import JsonKind, json_beginning, json_kind, read_json


def write(folder: Path, text: bytes) -> Path:
    (folder / "a.json").write_bytes(text)
    return folder / "a.json"


def test_the_beginning_has_neither_mark_nor_space(tmp_path: Path) -> None:
    assert json_beginning(write(tmp_path, b"")) == b""
    assert json_beginning(write(tmp_path, b"\xef\xbb\xbf \n[1]")) == b"[1]"
    assert len(json_beginning(write(tmp_path, b"[" * 9000))) == 4096


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_json_in_any_unicode_is_known_and_read(tmp_path: Path, encoding: str) -> None:
    file = write(tmp_path, '{"shapes": ["caf\u00e9"]}'.encode(encoding))
    assert json_kind(file) is JsonKind.LABELME
    assert read_json(file) == {"shapes": ["caf\u00e9"]}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b'{"version": "5", "shapes": [', JsonKind.LABELME),
        (b'{"flags": {}, "imageData": "/9j/4AAQ', JsonKind.LABELME),
        (b'{"flags": {"' + b"x" * 9000 + b'": 1}, "shapes": [], "images": []}', JsonKind.LABELME),
        (b'{"images": [{"shapes": 1}', JsonKind.PASCAL),
        (b'{"info": "' + b"x" * (1 << 20) + b'", "categories" : []}', JsonKind.PASCAL),
        (b'{"info": "' + b"x" * ((1 << 20) + 4074) + b'", "annotations": []}', JsonKind.PASCAL),
        (b'[{"shapes": [', JsonKind.LIST),
        (b'{"_via_img_metadata": {}, "note": "images"}\n', JsonKind.OTHER),
        ('{"title": "Wheat"}'.encode("utf-16"), JsonKind.OTHER),
        (b"", JsonKind.DAMAGED),
        (b'{"info": {', JsonKind.DAMAGED),
        (b"<html>not found</html>", JsonKind.DAMAGED),
    ],
)
def test_the_first_known_key_says_what_a_file_holds(
    tmp_path: Path, text: bytes, kind: JsonKind
) -> None:
    assert json_kind(write(tmp_path, text)) is kind


def test_what_strict_json_lacks_is_read_too(tmp_path: Path) -> None:
    nan, large = read_json(write(tmp_path, b"[NaN, 1" + b"0" * 30 + b"]"))
    assert isnan(nan) and large == 1e30


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"{", "line 1 column 2: not JSON"),
        (b"\xff\xfe\xfa", "not text in UTF-8; save it as UTF-8"),
        ('["caf\u00e9"]'.encode("latin-1"), "not text in UTF-8; save it as UTF-8"),
        (b"[" * 100_000, "nested too deeply; export it again"),
    ],
)
def test_what_is_no_json_is_named(tmp_path: Path, text: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_json(write(tmp_path, text))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"b.json: cannot be read \(.*\); check the path"):
        read_json(tmp_path / "b.json")
