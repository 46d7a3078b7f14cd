"""The pixel store: one memory-mapped array of all photos, which training and prediction read."""

from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.files import TABLES


def open_pixel_store(path: Path, photos: int | None = None) -> np.memmap:
    """Return the memory-mapped store, uint8 `(P, S, S, 3)` RGB, read-only.

    Args:
        path: the file.
        photos: P, the number of rows of the `images` table; None takes any.

    Raises:
        InputError: the file is absent, is cut short, holds something else or other photos.
    """
    try:
        store = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the pixels stage first") from None
    except (ValueError, EOFError) as error:
        raise InputError(
            f"{path}: not a pixel store ({error}); run the pixels stage again"
        ) from None
    square = store.ndim == 4 and store.shape[1] == store.shape[2] and store.shape[3] == 3
    if store.dtype != np.uint8 or not square:
        has = f"has {store.dtype} {store.shape}, expected uint8 (P, S, S, 3)"
        raise InputError(f"{path}: {has}; run the pixels stage again")
    if photos is not None and len(store) != photos:
        raise InputError(
            f"{path}: has {len(store)} photos, {TABLES / 'images.parquet'} has {photos}; "
            "run the pixels stage again"
        )
    return store
