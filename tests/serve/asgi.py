"""The ASGI messages of a request, as a server passes them to an application."""

import asyncio
from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers
from starlette.types import Message

from pipeline.serve.body import Body
from pipeline.serve.limits import Limits


def body_of(
    chunks: Sequence[bytes], limits: Limits, headers: Mapping[str, str] | None = None
) -> tuple[Body, list[bytes]]:
    """Return a body that arrives in these parts, and the list of parts not read yet.

    Where the last part is not empty, the client goes silent after it.
    """
    left = list(chunks)

    async def receive() -> Message:
        if not left:
            await asyncio.sleep(60)
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    return Body(Headers(headers or {}), receive, limits), left
