"""The body of a request, with a limit on its bytes as they arrive."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from pipeline.serve.limits import Limits, Refused

_DRAIN_SECONDS = 5.0


class Body:
    """A request's body, read no further than the limit.

    Args:
        headers: of the request.
        receive: the server's function that returns the next message.
        limits: on the number of bytes.

    Attributes:
        hold: called with the size of each chunk, which it may refuse; does nothing by default.
    """

    def __init__(self, headers: Headers, receive: Receive, limits: Limits):
        self.headers = headers
        self._receive = receive
        self._limits = limits
        self._ended = False
        self.hold: Callable[[int], None] = lambda count: None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body chunk by chunk.

        Raises:
            Refused: it has too many bytes, declared or received, or `hold` refuses them.
            ClientDisconnect: the client has disconnected.
        """
        self._check(self._declared())
        count = 0
        while not self._ended:
            chunk = await self._next()
            count += len(chunk)
            self._check(count)
            self.hold(len(chunk))
            yield chunk

    async def drain(self) -> None:
        """Read and discard the rest, for a limited time.

        Most clients send everything before they read the response, and would otherwise see a broken
        connection instead of it. One that waits for a go-ahead (curl with a large file) does not.
        """
        if self.headers.get("expect", "").lower() == "100-continue":
            return
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self._ended:
                    await self._next()
        except (TimeoutError, ClientDisconnect):
            pass

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._ended = True
            raise ClientDisconnect
        self._ended = not message.get("more_body", False)
        return bytes(message.get("body", b""))

    def _declared(self) -> int:
        value = self.headers.get("content-length", "")
        return int(value) if value.isascii() and value.isdigit() else 0

    def _check(self, count: int) -> None:
        most = self._limits.body_bytes
        if count > most:
            raise Refused(
                413,
                f"the request has more than {most / 1e6:g} MB; send fewer or smaller photos",
            )
