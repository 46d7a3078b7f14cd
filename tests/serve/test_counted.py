"""Every response is counted, by a fixed set of paths."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from pipeline.serve.counted import Counted
from pipeline.serve.metrics import Metrics
from tests.serve.test_metrics import value


async def teapot(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("short and stout", 418)(scope, receive, send)


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("a bug")


async def drop(message: Message) -> None:
    pass


async def nothing() -> Message:
    return {"type": "http.request"}


def ask(app: Counted, path: str, kind: str = "http") -> None:
    asyncio.run(app({"type": kind, "path": path, "headers": []}, nothing, drop))


@pytest.mark.parametrize(
    ("path", "counted"), [("/predict", "/predict"), ("/wp-login.php", "other"), ("", "other")]
)
def test_an_answer(path: str, counted: str) -> None:
    metrics = Metrics()
    ask(Counted(teapot, metrics), path)
    name = f'ladder_requests_total{{path="{counted}",status="418"}}'
    assert value(metrics.text().decode(), name) == 1


def test_a_bug() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="a bug"):
        ask(Counted(broken, metrics), "/health")
    name = 'ladder_requests_total{path="/health",status="500"}'
    assert value(metrics.text().decode(), name) == 1


def test_what_is_no_request() -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="a bug"):
        ask(Counted(broken, metrics), "", "lifespan")
    assert "ladder_requests_total{" not in metrics.text().decode()
