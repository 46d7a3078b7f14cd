"""Bodies are counted as they arrive, and read no further than the limit."""

import asyncio
from dataclasses import replace

import pytest
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from pipeline.serve import body as body_module
from pipeline.serve.body import Body
from pipeline.serve.limits import Limits, Refused
from tests.serve.asgi import body_of
from tests.serve.making import FEW, MULTIPART, Running, encoded, multipart

TEN = replace(Limits(), body_bytes=10)


async def read(body: Body) -> bytes:
    return b"".join([chunk async for chunk in body.chunks()])


def test_a_body_is_read_to_its_end() -> None:
    body, left = body_of([b"12345", b"67890", b""], TEN)
    assert asyncio.run(read(body)) == b"1234567890"
    assert not left


def test_no_more_is_read_than_the_limit() -> None:
    body, left = body_of([b"12345", b"678901", b"2", b""], TEN)
    with pytest.raises(Refused, match="more than 1e-05 MB; send fewer or smaller") as refused:
        asyncio.run(read(body))
    assert refused.value.status == 413
    assert left == [b"2", b""]


def test_what_all_requests_hold_may_be_too_much() -> None:
    held: list[int] = []
    body, left = body_of([b"12345", b"678", b"9", b""], TEN)

    def hold(count: int) -> None:
        if sum(held) + count > 7:
            raise Refused(503, "too busy")
        held.append(count)

    body.hold = hold
    with pytest.raises(Refused, match="too busy"):
        asyncio.run(read(body))
    assert held == [5] and left == [b"9", b""]


def test_what_the_header_says_is_enough() -> None:
    body, left = body_of([b"1", b""], TEN, {"content-length": "11"})
    with pytest.raises(Refused):
        asyncio.run(read(body))
    assert left == [b"1", b""]


def test_the_rest_is_dropped_so_that_the_answer_is_read() -> None:
    body, left = body_of([b"1"] * 100 + [b""], TEN, {"content-length": "100"})
    asyncio.run(body.drain())
    assert not left
    asyncio.run(body.drain())  # nothing is left to wait for


def test_who_waits_for_a_go_ahead_gets_none() -> None:
    body, left = body_of([b"1", b""], TEN, {"expect": "100-continue"})
    asyncio.run(body.drain())
    assert left == [b"1", b""]


def test_dropping_ends_where_the_client_goes_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "_DRAIN_SECONDS", 0.05)
    body, left = body_of([b"1"], TEN)
    asyncio.run(body.drain())
    assert not left


def test_a_client_that_is_gone() -> None:
    async def gone() -> dict:
        return {"type": "http.disconnect"}

    body = Body(Headers({}), gone, TEN)
    with pytest.raises(ClientDisconnect):
        asyncio.run(read(body))
    asyncio.run(body.drain())


@pytest.mark.parametrize("kind", ["image/jpeg", "application/json", MULTIPART])
def test_too_many_bytes_over_http(served: Running, kind: str) -> None:
    large = b"0" * (FEW.body_bytes + 1_000_000)
    body = multipart({"a.jpg": large}) if kind == MULTIPART else large
    answer = served.predict(body, kind)
    assert answer.status == 413
    assert answer.json == {
        "error": "the request has more than 0.3 MB; send fewer or smaller photos"
    }


def test_too_many_bytes_that_no_header_tells(served: Running) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    chunks = (b"0" * 100_000 for _ in range(20))
    connection.request(
        "POST", "/predict", chunks, {"Content-Type": "image/png"}, encode_chunked=True
    )
    assert connection.getresponse().status == 413
    connection.close()
    assert served.predict(encoded(), "image/jpeg").status == 200
