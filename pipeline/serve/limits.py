"""The limits on one request and on all together, and how a server refuses what exceeds them."""

from dataclasses import dataclass

_BODIES = 8  # of the full size at a time; JSON bodies are held in memory


@dataclass(frozen=True)
class Limits:
    """The most that a server accepts.

    Attributes:
        body_bytes: in one request.
        photo_pixels: in one photo; checked by its header before it is decoded.
        photos: in one request.
        waiting: photos in all requests that have begun and are not answered.
        body_seconds: for a request to arrive.
    """

    body_bytes: int = 64_000_000
    photo_pixels: int = 64_000_000
    photos: int = 64
    waiting: int = 256
    body_seconds: float = 60.0

    @property
    def waiting_bytes(self) -> int:
        """The most bytes in all requests that have begun and are not answered."""
        return _BODIES * self.body_bytes


class Refused(Exception):
    """The request or photo is invalid or exceeds a limit; the message names the remedy.

    Attributes:
        status: of the HTTP response.
        reason: one line.
        retry_after: seconds after which the same request may succeed; None if it never will.
    """

    def __init__(self, status: int, reason: str, *, retry_after: int | None = None):
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
