"""Finds photos that are copies of each other: equal files, and resized or re-encoded ones.

64-bit hashes propose candidates, small grey thumbnails confirm them. A hash holds the signs of the
lowest frequencies, like the DCT hash of http://www.phash.org/docs/pubs/thesis_zauner.pdf. Copies
that are mirrored, rotated, cropped or much brighter are not found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.checks.fingerprints import SIDE, Fingerprints

# Measured on 3756 photos of VOC 2007, 500 painted ones, and copies of 700 of these: 0.5 to 1.5
# times as large, with three filters, as JPEG of quality 40 to 95 or as PNG. The hashes of copies
# differ in up to 12 bits, all but one in up to 8. The thumbnails of copies differ by up to 0.19 of
# their contrast, those of other photos with a similar hash by 0.23 or more (one scene, a second
# later).
_BITS = 12  # of 64 in which the hashes of copies may differ
_DIFFERENCE = 0.2  # root mean square over the thumbnail, as a share of its standard deviation
_LARGEST_DIFFERENCE = 48  # of a thumbnail's pixel; more means that an object came or went
_BRIGHTNESS = 4.0  # largest difference of the means of two copies
_FLATTEST = 4.0  # standard deviation below which only noise is compared, as in fog
_ROWS, _COLUMNS = 256, 1024  # compared at once: 2 MB of hashes


@dataclass(frozen=True)
class Copies:
    """Photos that are copies of each other.

    Attributes:
        pairs: `(N, 2)` int64, rows of two photos. In a group of equal files, each is paired with
            the same one, outside train if possible; of photos that look alike, every pair is here.
        equal: `(N,)` bool, whether their files are equal byte for byte.
    """

    pairs: np.ndarray
    equal: np.ndarray

    def leaked(self, held: np.ndarray) -> np.ndarray:
        """Return `(P,)` bool: which photos of train have a copy in val or test.

        Args:
            held: `(P,)` bool, true for photos of val and test.
        """
        across = self.pairs[held[self.pairs[:, 0]] != held[self.pairs[:, 1]]]
        leaked = np.zeros(len(held), bool)
        leaked[across] = True
        return leaked & ~held


def find_copies(prints: Fingerprints, held: np.ndarray) -> Copies:
    """Return all pairs of copies.

    Args:
        prints: of P photos.
        held: `(P,)` bool, true for photos of val and test.
    """
    equal = _equal_files(prints, held)
    alike = _alike(prints)
    alike = alike[prints.digests[alike[:, 0]] != prints.digests[alike[:, 1]]]
    return Copies(np.concatenate([equal, alike]), np.arange(len(equal) + len(alike)) < len(equal))


def _equal_files(prints: Fingerprints, held: np.ndarray) -> np.ndarray:
    """Return pairs of equal files, the first of each group with each other one."""
    known = np.flatnonzero(prints.decoded)
    order = known[np.lexsort((known, ~held[known], prints.digests[known]))]
    digests = prints.digests[order]
    first = np.searchsorted(digests, digests)  # of its group
    later = np.flatnonzero(first < np.arange(len(order)))
    return np.stack([order[first[later]], order[later]], -1)


def _alike(prints: Fingerprints) -> np.ndarray:
    """Return the pairs of photos that look alike, each with the smaller row first."""
    hashes, brightness, contrast = _looks(prints.thumbnails)
    rows = np.flatnonzero(prints.decoded & (contrast >= _FLATTEST))
    rows = rows[np.argsort(brightness[rows], kind="stable")]
    found = [np.zeros((0, 2), np.int64)]
    for first, second in _near_hashes(hashes[rows], brightness[rows]):
        pairs = np.sort(np.stack([rows[first], rows[second]], -1), 1)
        found.append(pairs[_confirmed(prints.thumbnails, pairs)])
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _near_hashes(
    hashes: np.ndarray, brightness: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the positions of pairs of hashes that differ in few bits, block by block.

    Args:
        hashes: `(K,)` uint64.
        brightness: `(K,)` mean of each thumbnail, ascending; pairs further apart than `_BRIGHTNESS`
            are skipped.
    """
    for top in range(0, len(hashes), _ROWS):
        rows = hashes[top : top + _ROWS]
        last = brightness[top + len(rows) - 1]
        end = int(np.searchsorted(brightness, last + _BRIGHTNESS, "right"))
        for left in range(top, end, _COLUMNS):
            columns = hashes[left : min(left + _COLUMNS, end)]
            bits = np.bitwise_count(rows[:, None] ^ columns[None])
            first, second = np.nonzero(bits <= _BITS)
            first, second = first + top, second + left
            once = (second > first) & (brightness[second] - brightness[first] <= _BRIGHTNESS)
            yield first[once], second[once]


def _looks(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the hash, mean and standard deviation, `(P,)` each, of the thumbnails.

    Each bit of the uint64 hash says whether one of the 8 x 8 lowest frequencies is above their
    median.
    """
    places, frequencies = np.arange(SIDE) + 0.5, np.arange(8)[:, None]
    waves = np.cos(np.pi / SIDE * places * frequencies).astype(np.float32)  # (8, 32)
    hashes = np.zeros(len(thumbnails), np.uint64)
    means, deviations = np.zeros((2, len(thumbnails)), np.float32)
    for at in range(0, len(thumbnails), _COLUMNS):
        block = slice(at, at + _COLUMNS)
        part = thumbnails[block].astype(np.float32)
        powers = (waves @ part @ waves.T).reshape(-1, 64)
        bits = powers > np.median(powers, 1, keepdims=True)
        hashes[block] = np.packbits(bits, 1).view(np.uint64)[:, 0]
        means[block], deviations[block] = part.mean((1, 2)), part.std((1, 2))
    return hashes, means, deviations


def _confirmed(thumbnails: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return `(N,)` bool: for which pairs the thumbnails are as similar as those of copies."""
    first, second = (_halved(thumbnails[side]) for side in pairs.T)
    apart = first - second
    difference = np.sqrt((apart**2).mean(1))
    contrast = np.minimum(first.std(1), second.std(1))
    return (difference <= _DIFFERENCE * contrast) & (abs(apart).max(1) <= _LARGEST_DIFFERENCE)


def _halved(thumbnails: np.ndarray) -> np.ndarray:
    """Return thumbnails of half the side, `(N, 256)` float32, to remove resampling artefacts."""
    half = SIDE // 2
    parts = thumbnails.reshape(-1, half, 2, half, 2)
    return parts.mean((2, 4), dtype=np.float32).reshape(-1, half * half)
