"""The limit on waiting photos and bytes: a photo holds a slot until it is answered."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.serve.limits import Refused

_RETRY_AFTER = 1  # second, about the time that a full queue takes


class Slots:
    """Slots for the photos of all requests.

    A request takes one before its body is read, so that bodies are limited as well, and the rest
    when the number of its photos is known.

    Args:
        number: of slots.
        most_bytes: of all requests together.
    """

    def __init__(self, number: int, most_bytes: int):
        self.number = number
        self.most_bytes = most_bytes
        self.taken = 0
        self.bytes = 0

    @contextmanager
    def request(self) -> Iterator["Taken"]:
        """Yield the slots of one request, which are released when the block ends.

        Raises:
            Refused: no slot is free.
        """
        taken = Taken(self)
        try:
            taken.extend_to(1)
            yield taken
        finally:
            self.taken -= taken.number
            self.bytes -= taken.bytes


class Taken:
    """The slots that one request has taken."""

    def __init__(self, slots: Slots):
        self.number = 0
        self.bytes = 0
        self._slots = slots

    def extend_to(self, number: int) -> None:
        """Take more slots, up to this number in all.

        Raises:
            Refused: too few slots are free, or there are too few in all.
        """
        if number > self._slots.number:
            raise Refused(413, f"{number} photos in one request; send at most {self._slots.number}")
        more = number - self.number
        if self._slots.taken + more > self._slots.number:
            reason = f"too busy: {self._slots.taken} photos are waiting; send it again in a moment"
            raise Refused(503, reason, retry_after=_RETRY_AFTER)
        self._slots.taken += more
        self.number = number

    def hold(self, count: int) -> None:
        """Count this many more bytes.

        Raises:
            Refused: all requests together hold too many.
        """
        if self._slots.bytes + count > self._slots.most_bytes:
            reason = f"too busy: requests of {self._slots.bytes / 1e6:.0f} MB are waiting"
            raise Refused(503, f"{reason}; send it again in a moment", retry_after=_RETRY_AFTER)
        self._slots.bytes += count
        self.bytes += count
