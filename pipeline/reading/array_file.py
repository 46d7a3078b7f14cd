"""Arrays on disk, `.npy`: no pickles, and one line for a damaged file."""

from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.reading.damage import naming_damage


def read_array(path: Path, remedy: str, mmap_mode: Literal["r"] | None = None) -> np.ndarray:
    """Return the array in a file.

    Args:
        path: of the file.
        remedy: what to do about a damaged file, for the message.
        mmap_mode: `r` maps the file instead of reading it.

    Raises:
        InputError: it is damaged.
        FileNotFoundError: it does not exist.
    """
    with naming_damage(path, "an array", remedy), path.open("rb") as file:
        if file.read(6) != b"\x93NUMPY":  # else numpy would try an archive or a pickle
            raise ValueError("an array does not begin like this")
        return np.load(path, mmap_mode=mmap_mode, allow_pickle=False)
