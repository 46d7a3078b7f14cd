"""The pixel store: one memory-mapped array of all photos, which training and prediction read."""

from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.files import TABLES, sha256_of, write_beside
from pipeline.reading.array_file import read_array


def write_digest(path: Path) -> None:
    """Write the SHA-256 of a store beside it, in the form that `sha256sum --check` takes."""
    line = f"{sha256_of(path)}  {path.name}\n"
    write_beside(digest_path(path), lambda beside: beside.write_text(line))


def digest_path(path: Path) -> Path:
    """Return where the digest of a store is."""
    return path.with_name(f"{path.name}.sha256")


def _check_digest(path: Path) -> None:
    """Check a store as a whole, at 2 GB/s: one flipped bit would be learnt from unseen.

    Raises:
        InputError: it is not what the pixels stage has written.
    """
    file = digest_path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file; run the pixels stage again")
    if file.read_bytes().split()[:1] != [sha256_of(path).encode()]:
        raise InputError(
            f"{path}: damaged, its SHA-256 is not in {file}; run the pixels stage again"
        )


def open_pixel_store(path: Path, photos: int | None = None) -> np.ndarray:
    """Return the memory-mapped store, uint8 `(P, S, S, 3)` RGB, read-only.

    Args:
        path: the file.
        photos: P, the number of rows of the `images` table; None takes any.

    Raises:
        InputError: the file is absent, damaged, holds something else or other photos.
    """
    try:
        store = read_array(path, "run the pixels stage again", "r")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the pixels stage first") from None
    square = store.ndim == 4 and store.shape[1] == store.shape[2] and store.shape[3] == 3
    if store.dtype != np.uint8 or not square:
        has = f"has {store.dtype} {store.shape}, expected uint8 (P, S, S, 3)"
        raise InputError(f"{path}: {has}; run the pixels stage again")
    if photos is not None and len(store) != photos:
        raise InputError(
            f"{path}: has {len(store)} photos, {TABLES / 'images.parquet'} has {photos}; "
            "run the pixels stage again"
        )
    _check_digest(path)
    return store
