"""Arrays on disk, `.npy`: no pickles, and a damaged file is one line."""

from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.reading.damage import naming_damage


def read_array(path: Path, remedy: str, mmap_mode: Literal["r"] | None = None) -> np.ndarray:
    """Return the array of a file.

    Args:
        path: of the file.
        remedy: what to do about a damaged one, for the message.
        mmap_mode: `r` leaves it on disk.

    Raises:
        InputError: it is damaged.
        FileNotFoundError: it is not there.
    """
    with naming_damage(path, "an array", remedy), path.open("rb") as file:
        if file.read(6) != b"\x93NUMPY":  # else numpy would take it for an archive or a pickle
            raise ValueError("an array does not begin like this")
        return np.load(path, mmap_mode=mmap_mode, allow_pickle=False)
