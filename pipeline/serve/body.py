"""The bytes of a request, counted while they arrive."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from pipeline.serve.limits import Limits, Refused

_DRAIN_SECONDS = 5.0


class Body:
    """A request's body, of which no more is read than the limit.

    Args:
        headers: of the request.
        receive: the server's function that gives the next message.
        limits: the most bytes, and the time for them.

    Attributes:
        hold: is told how many bytes have come, and may refuse them; at first nobody is.
    """

    def __init__(self, headers: Headers, receive: Receive, limits: Limits):
        self.headers = headers
        self._receive = receive
        self._limits = limits
        self._ended = False
        self.hold: Callable[[int], None] = lambda count: None

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the body part by part.

        Raises:
            Refused: it has too many bytes, by its header or by count, or `hold` refuses them.
            ClientDisconnect: the client is gone.
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
        """Read and drop the rest, for a while.

        Most clients send all they have before they read the answer, and would see a broken
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
