"""Checks photos: their sizes and proportions, and whether they decode."""

import numpy as np
import pyarrow as pa

from pipeline.findings import LONG_PHOTO, SHOWN, PhotoChecks, PhotoFinding, SizeCount

_COMMON = 5


def check_photos(images: pa.Table, decoded: np.ndarray) -> PhotoChecks:
    """Check the photos of the `images` table.

    Args:
        images: P rows, at least one.
        decoded: `(P,)` bool, whether the photo decodes.
    """
    sizes_wh = np.stack([images["width"].to_numpy(), images["height"].to_numpy()], -1)
    by_area = np.argsort(sizes_wh.astype(np.int64).prod(1), kind="stable")
    different, counts = np.unique(sizes_wh, axis=0, return_counts=True)
    common = np.argsort(-counts, kind="stable")[:_COMMON]
    return PhotoChecks(
        _pair(sizes_wh[by_area[0]]),
        _pair(sizes_wh[by_area[len(by_area) // 2]]),
        _pair(sizes_wh[by_area[-1]]),
        len(different),
        [SizeCount(*_pair(different[place]), int(counts[place])) for place in common],
        _finding(images, sizes_wh.max(1) > LONG_PHOTO * sizes_wh.min(1)),
        _finding(images, ~decoded),
    )


def _pair(size_wh: np.ndarray) -> tuple[int, int]:
    return int(size_wh[0]), int(size_wh[1])


def _finding(images: pa.Table, found: np.ndarray) -> PhotoFinding:
    rows = np.flatnonzero(found)
    names = images["file_name"].take(pa.array(rows[:SHOWN])).to_pylist()
    return PhotoFinding(len(rows), names)
