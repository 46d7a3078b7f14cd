"""A compact summary of every photo for finding copies; reads each file once, on all cores."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.photo_files import on_white, open_photo, upright
from pipeline.processes import usable_cores
from pipeline.progress import progress

SIDE = 32  # of the grey thumbnail, in pixels
_DECODED = 2 * SIDE  # side to decode a JPEG at, large enough for a smooth thumbnail
_PHOTOS_A_TASK = 16


@dataclass(frozen=True)
class Fingerprints:
    """What is kept of each of P photos to compare them.

    Attributes:
        digests: `(P,)` uint64, of the file's bytes; equal only for equal files.
        thumbnails: `(P, 32, 32)` uint8, grey, squashed to a square, upright as viewers show them.
        decoded: `(P,)` bool; false if the file is not a photo; its thumbnail is black.
    """

    digests: np.ndarray
    thumbnails: np.ndarray
    decoded: np.ndarray

    def of_photos(self, keep: np.ndarray) -> "Fingerprints":
        """Return the fingerprints of the photos for which `keep`, `(P,)` bool, is true."""
        return Fingerprints(self.digests[keep], self.thumbnails[keep], self.decoded[keep])


def fingerprints(photos: Sequence[Path]) -> Fingerprints:
    """Return the fingerprints of photo files; one that does not decode is marked, not refused."""
    digests = np.zeros(len(photos), np.uint64)
    thumbnails = np.zeros((len(photos), SIDE, SIDE), np.uint8)
    decoded = np.zeros(len(photos), bool)

    def fill(rows: range) -> range:
        for row in rows:
            digests[row], thumbnail = _fingerprint(photos[row])
            if thumbnail is not None:
                thumbnails[row], decoded[row] = thumbnail, True
        return rows

    filled = _in_threads(fill, len(photos))
    for _ in progress(filled, total=len(photos), desc="comparing", unit="photos"):
        pass
    return Fingerprints(digests, thumbnails, decoded)


def _in_threads(fill: Callable[[range], range], photos: int) -> Iterator[int]:
    tasks = [range(photos)[at : at + _PHOTOS_A_TASK] for at in range(0, photos, _PHOTOS_A_TASK)]
    with ThreadPoolExecutor(usable_cores()) as pool:  # reading and decoding release the GIL
        try:
            for rows in pool.map(fill, tasks):
                yield from rows
        finally:
            pool.shutdown(cancel_futures=True)


def _fingerprint(photo: Path) -> tuple[int, np.ndarray | None]:
    """Return the digest of a file and its thumbnail, None if it does not decode."""
    try:
        data = photo.read_bytes()
    except OSError:
        return 0, None
    digest = int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
    try:
        with open_photo(io.BytesIO(data)) as image:
            image.draft("RGB", (_DECODED, _DECODED))
            grey = _grey(upright(image))
            return digest, np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    except Exception:  # Pillow raises a dozen types for damaged files
        return digest, None


def _grey(image: Image.Image) -> Image.Image:
    """Return 8-bit grey: of 16-bit grey the high byte, as Pillow would clip at 255."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.clip(np.asarray(image), 0, 65535) >> 8).astype(np.uint8))
    return on_white(image).convert("L")
