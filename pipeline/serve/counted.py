"""Counts every response by path and status, including errors."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.serve.metrics import Metrics

_PATHS = ("/", "/health", "/metrics", "/openapi.json", "/predict")
_OTHER = "other"  # anyone may request any path, and each label would be kept for ever
_FAILED = 500


class Counted:
    """ASGI middleware that counts the responses of an application.

    Args:
        app: the application.
        metrics: the counters.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics):
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, and count the response."""
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
