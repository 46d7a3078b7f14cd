"""Base64 in JSON becomes files."""

import base64
import json
from pathlib import Path

import pytest

from pipeline.serve.json_photos import json_photos
from pipeline.serve.limits import Refused


def test_photos_are_written_as_they_are(tmp_path: Path) -> None:
    plain, broken_lines = base64.b64encode(b"one").decode(), base64.encodebytes(b"2" * 99).decode()
    photos = [plain, broken_lines, f"data:image/png;base64,{plain}", ""]
    files = json_photos(json.dumps({"photos": photos}).encode(), tmp_path, 4)
    contents = [file.read_bytes() for file in files if isinstance(file, Path)]
    assert contents == [b"one", b"2" * 99, b"one", b""]


@pytest.mark.parametrize("text", [b"", b" \n", b'{"photos": []}'])
def test_nothing(tmp_path: Path, text: bytes) -> None:
    assert json_photos(text, tmp_path, 4) == []


@pytest.mark.parametrize("text", [b"nothing", b"7", b"[]", b"{}", b'{"photos": {}}', b"\xff"])
def test_another_shape(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(Refused, match=r'send \{"photos": \["<base64>", ...\]\}') as refused:
        json_photos(text, tmp_path, 4)
    assert refused.value.status == 422


def test_what_would_be_passed_over_is_refused(tmp_path: Path) -> None:
    text = b'{"photos": ["b25l"], "min_score": 0.3}'
    with pytest.raises(Refused, match=r"^'min_score': unknown key; send "):
        json_photos(text, tmp_path, 4)


@pytest.mark.parametrize("bomb", [b"[" * 10**6, b'{"photos":[' + b"0," * 10**6 + b"0]}"])
def test_a_bomb_is_not_even_parsed(tmp_path: Path, bomb: bytes) -> None:
    with pytest.raises(Refused, match=r"^more than 4 photos, or JSON of another shape"):
        json_photos(bomb, tmp_path, 4)


def test_too_many_photos(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="5 photos in one request; send at most 4") as refused:
        json_photos(json.dumps({"photos": ["aaaa"] * 5}).encode(), tmp_path, 4)
    assert refused.value.status == 413


def test_a_wrong_photo_does_not_spoil_the_others(tmp_path: Path) -> None:
    text = json.dumps({"photos": ["b25l", "b25", "ä", None]}).encode()
    good, *wrong = json_photos(text, tmp_path, 4)
    assert isinstance(good, Path) and good.read_bytes() == b"one"
    assert [str(one).split(" (")[0] for one in wrong] == [
        "not base64",
        "not base64",
        'not a string of base64; send {"photos": ["<base64>", ...]}',
    ]
