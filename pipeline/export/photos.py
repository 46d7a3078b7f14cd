"""The photos that an exported file is checked and calibrated on."""

import numpy as np
import pyarrow.compute as pc

from pipeline.data.inputs import Inputs
from pipeline.inference.photos import read_square


def rows_of(inputs: Inputs, split: str) -> np.ndarray:
    """Return the rows of a split in the images table and the pixel store."""
    splits = pc.cast(inputs.images["split"], "string")
    return np.flatnonzero(pc.equal(splits, split).to_numpy())


def pixels_of(inputs: Inputs, split: str, side: int, at_most: int) -> np.ndarray:
    """Return pixels `(N, S, S, 3)` uint8 RGB of photos of a split, spread evenly over it."""
    rows = rows_of(inputs, split)
    if len(rows) > at_most:
        rows = rows[np.linspace(0, len(rows) - 1, at_most).round().astype(int)]
    squares = [read_square(inputs.pixels[row], int(row), side).pixels for row in rows]
    return np.stack(squares) if squares else np.zeros((0, side, side, 3), np.uint8)


def random_pixels(side: int, count: int) -> np.ndarray:
    """Return coarse random pixels `(N, S, S, 3)` uint8, for want of photos."""
    coarse = np.random.default_rng(0).integers(0, 256, (count, 5, 7, 3), np.uint8)
    return np.stack([read_square(photo, row, side).pixels for row, photo in enumerate(coarse)])
