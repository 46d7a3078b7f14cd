"""What a server takes of one request and of all together, and how the rest is refused."""

from dataclasses import dataclass

_BODIES = 8  # of full size at a time; those of JSON are in memory


@dataclass(frozen=True)
class Limits:
    """The most that a server takes.

    Attributes:
        body_bytes: in one request.
        photo_pixels: in one photo; told by its header, before it is decoded.
        photos: in one request.
        waiting: photos of all requests that have begun and are not answered.
        body_seconds: for a request to arrive.
    """

    body_bytes: int = 64_000_000
    photo_pixels: int = 64_000_000
    photos: int = 64
    waiting: int = 256
    body_seconds: float = 60.0

    @property
    def waiting_bytes(self) -> int:
        """In all requests that have begun and are not answered."""
        return _BODIES * self.body_bytes


class Refused(Exception):
    """The request or the photo is at fault, or it is too much; the message names the remedy.

    Attributes:
        status: of the HTTP answer.
        reason: one line.
        retry_after: seconds after which the same request may succeed; None where it never will.
    """

    def __init__(self, status: int, reason: str, *, retry_after: int | None = None):
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
