"""Counts every answer by its path and status, those of errors included."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.serve.metrics import Metrics

_PATHS = ("/", "/health", "/metrics", "/openapi.json", "/predict")
_OTHER = "other"  # a stranger may ask for any path, and each name would be kept for ever
_FAILED = 500


class Counted:
    """An application around another one, whose answers it counts.

    Args:
        app: the other one.
        metrics: that count.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics):
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and count the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = _FAILED

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            path = scope["path"] if scope["path"] in _PATHS else _OTHER
            self.metrics.requests.labels(path, str(status)).inc()
