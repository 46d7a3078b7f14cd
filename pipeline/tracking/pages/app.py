"""MLflow's pages plus a start page of ours, which leads to the runs without a chat panel.

Until the user switches, MLflow opens with its pages for language models and shows a chat panel.
The browser remembers both settings, so a page of the same origin can set them. `ladder ui` has
uvicorn run this app.
"""

import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from mlflow.server.fastapi_app import app as mlflow_pages

from pipeline.tracking.pages.links import OPENS, START

Message = MutableMapping[str, Any]  # of ASGI, whose fields differ from type to type
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# The names under which MLflow 3.17 keeps them in the browser's `localStorage`.
_REMEMBERED = {
    "mlflow.workflowType_v1": "machine_learning",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,
}


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """Answer with the start page, or hand a request on to MLflow."""
    if scope["type"] != "http" or scope["path"] != START:
        await mlflow_pages(scope, receive, send)
        return
    page = start_page(os.environ.get(OPENS, "/")).encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": page})


def start_page(target: str) -> str:
    """Return a page that sets up the browser and then goes to an address of MLflow's pages."""
    steps = [
        f"localStorage.setItem({json.dumps(name)}, {json.dumps(json.dumps(value))});"
        for name, value in _REMEMBERED.items()
    ]
    script = "\n".join([*steps, f"location.replace({json.dumps(target)});"])
    return f"<!doctype html>\n<title>Detection ladder</title>\n<script>\n{script}\n</script>\n"
