"""The start page among MLflow's, requested through ASGI."""

import asyncio

import pytest

from pipeline.tracking.pages.app import app, start_page
from pipeline.tracking.pages.links import OPENS


def answer(path: str) -> tuple[int, bytes]:
    """Return status and body of the response to a GET."""
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": [(b"host", b"localhost")], "root_path": ""}
    scope |= {"http_version": "1.1", "scheme": "http", "client": None, "server": ("localhost", 80)}
    asyncio.run(app(scope, receive, send))
    body = b"".join(one.get("body", b"") for one in sent)
    return sent[0]["status"], body


def test_the_start_leads_to_the_runs(monkeypatch):
    monkeypatch.setenv(OPENS, "/#/experiments/7/runs")
    status, body = answer("/ladder")
    assert status == 200 and body.decode() == start_page("/#/experiments/7/runs")


@pytest.mark.parametrize("path", ["/health", "/version"])
def test_all_else_is_mlflow_s(path):
    status, body = answer(path)
    assert status == 200 and b"<script>" not in body


def test_what_it_sets_in_the_browser():
    page = start_page("/#/a?b=c&d")
    assert """localStorage.setItem("mlflow.workflowType_v1", "\\"machine_learning\\"");""" in page
    assert 'location.replace("/#/a?b=c&d");' in page
