"""Photos of a request become files, in whatever form it has them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.serve.limits import Refused
from pipeline.serve.uploads import Upload, read_uploads
from tests.serve.asgi import body_of
from tests.serve.making import BOUNDARY, FEW, MULTIPART, multipart


def uploads_of(folder: Path, kind: str, *chunks: bytes, seconds: float = 20) -> Sequence[Upload]:
    limits = replace(FEW, body_seconds=seconds)
    body, _ = body_of(chunks, limits, {"content-type": kind})
    return asyncio.run(read_uploads(body, folder, limits))


def contents(uploads: Sequence[Upload]) -> list[tuple[str, bytes]]:
    return [(one.name, one.content.read_bytes()) for one in uploads if type(one.content) is not str]


def test_a_body_that_is_a_photo(tmp_path: Path) -> None:
    uploads = uploads_of(tmp_path, "Image/PNG; charset=x", b"ab", b"c", b"")
    assert contents(uploads) == [("photo 1", b"abc")]


def test_files_of_a_form_in_their_order(tmp_path: Path) -> None:
    body = multipart({"../../b.jpg": b"b" * 2_000, "": b"nameless", "a.jpg": b""})
    uploads = uploads_of(tmp_path, MULTIPART, body[:700], body[700:], b"")
    assert contents(uploads) == [
        ("../../b.jpg", b"b" * 2_000),
        ("photo 2", b"nameless"),
        ("a.jpg", b""),
    ]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["1", "2", "3"]


def test_fields_beside_the_files_are_passed_over(tmp_path: Path) -> None:
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    body = field.encode() + multipart({"a.jpg": b"a"})
    assert contents(uploads_of(tmp_path, MULTIPART, body, b"")) == [("a.jpg", b"a")]


@pytest.mark.parametrize("cut", [4, 40])
def test_a_form_that_breaks_off_is_not_taken_for_a_shorter_one(tmp_path: Path, cut: int) -> None:
    body = multipart({"a.jpg": b"a", "b.jpg": b"b" * 100})
    with pytest.raises(Refused, match="ends before its closing boundary; send all of it"):
        uploads_of(tmp_path, MULTIPART, body[:-cut], b"")


@pytest.mark.parametrize(
    ("charset", "name", "told"),
    [
        ("iso-8859-1", b"\xe9.jpg", "é.jpg"),
        ("of-nobody", b"a.jpg", "a.jpg"),
        ("utf-7", b"+2AA-.jpg", "?.jpg"),
        ("unicode_escape", b"\\x41\\udc00.jpg", "A?.jpg"),
    ],
)
def test_a_name_in_a_charset_of_the_form_can_be_told(
    tmp_path: Path, charset: str, name: bytes, told: str
) -> None:
    body = multipart({"NAME": b"a"}).replace(b"NAME", name.replace(b"\\", b"\\\\"))
    uploads = uploads_of(tmp_path, f"{MULTIPART}; charset={charset}", body, b"")
    assert contents(uploads) == [(told, b"a")]


@pytest.mark.parametrize("charset", ["undefined", "punycode"])
def test_a_charset_that_is_no_text_is_refused(tmp_path: Path, charset: str) -> None:
    body = multipart({"a\\ud800.jpg": b"a"})
    with pytest.raises(Refused, match="charset; send it in UTF-8") as refused:
        uploads_of(tmp_path, f"{MULTIPART}; charset={charset}", body, b"")
    assert refused.value.status == 422


@pytest.mark.parametrize("kind", ["image/png", "application/json", MULTIPART])
def test_an_empty_request(tmp_path: Path, kind: str) -> None:
    with pytest.raises(Refused, match="the request has no photo in it; send one or more"):
        uploads_of(tmp_path, kind, multipart({}) if kind == MULTIPART else b"", b"")


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("multipart/form-data", b"abc", "Missing boundary"),
        (MULTIPART, b"no boundary in here", "multipart/form-data: "),
        (MULTIPART, b"--" + BOUNDARY.encode() + b"\r\nnonsense\r\n\r\n", "multipart/form-data: "),
    ],
)
def test_a_form_that_is_none(tmp_path: Path, kind: str, body: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        uploads_of(tmp_path, kind, body, b"")
    assert refused.value.status == 422


def test_a_request_that_does_not_arrive(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"took more than 0\.05 seconds to arrive") as refused:
        uploads_of(tmp_path, "image/png", b"a", seconds=0.05)
    assert refused.value.status == 408
