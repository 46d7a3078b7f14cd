"""Reads a JPEG's header: its size, and whether a decoder needs all of it in memory."""

from dataclasses import dataclass

_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15, without DHT, JPG and DAC
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_SCAN = 0xDA
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length


@dataclass(frozen=True)
class JpegHeader:
    """What the header of a JPEG says.

    Attributes:
        size: width and height in pixels, before any EXIF rotation.
        one_pass: whether one sequential scan has all components, so that a decoder can work line by
            line; otherwise it keeps the whole photo in memory.
    """

    size: tuple[int, int]
    one_pass: bool


def jpeg_header(data: bytes) -> JpegHeader | None:
    """Return what the header of a JPEG says; None for other files and for damaged headers."""
    at, size, components, progressive = 2, None, 0, False
    while data[:2] == b"\xff\xd8" and data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker = data[at + 1]
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES and at + 10 <= len(data):
            size = (_number(data, at + 7), _number(data, at + 5))
            components, progressive = data[at + 9], marker in _PROGRESSIVE
        if marker == _SCAN:
            whole_row = data[at + 4 : at + 5] == bytes([components])
            return JpegHeader(size, whole_row and not progressive) if size else None
        at += 2 + max(2, _number(data, at + 2))
    return None


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "big")
