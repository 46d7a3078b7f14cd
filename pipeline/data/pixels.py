"""Photos become one uint8 array on disk, each decoded and squashed once.

Training then reads rows of a memory-mapped file and never opens a photo again.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from pipeline.data.decode import read_squashed
from pipeline.data.pixel_store import write_digest
from pipeline.errors import InputError
from pipeline.progress import progress

_PHOTOS_A_TASK = 16


def build_pixel_store(
    paths: Sequence[Path],
    sizes_wh: np.ndarray,
    out: Path,
    side: int,
    *,
    turned: np.ndarray | None = None,
    workers: int | None = None,
) -> None:
    """Write every photo, squashed to a square, as a row of one `.npy` file.

    Width and height are scaled independently (no crop, no border) with an antialiased bilinear
    filter, so a box moves with its photo by a factor for each axis. Decoding and resizing release
    the GIL, so threads use all cores; memory does not grow with the number of photos.

    Args:
        paths: `(P,)` the photos, in the order of the table `images`.
        sizes_wh: `(P, 2)` width and height that the table gives each photo, in pixels.
        out: The file to write, uint8 `(P, S, S, 3)` RGB. It appears when it is complete.
        side: S, in pixels.
        turned: `(P,)` bool, whether to turn each photo as EXIF has it; None for all.
        workers: Threads; None for one per core.

    Raises:
        InputError: A photo is missing, cannot be read or decoded, or has another size than the
            table says; or the disk has too little room.
    """
    shape = (len(paths), side, side, 3)
    out.parent.mkdir(parents=True, exist_ok=True)
    _check_room(out, shape)
    partial = out.with_name(out.name + ".partial")
    try:
        store = np.lib.format.open_memmap(partial, "w+", np.uint8, shape)
        turns = np.ones(len(paths), bool) if turned is None else turned
        filled = _fill_store(store, paths, np.asarray(sizes_wh), turns, workers or _cores())
        for _ in progress(filled, total=len(paths), desc="pixels", unit="photos"):
            pass
        store.flush()
        os.replace(partial, out)
        write_digest(out)
    finally:
        partial.unlink(missing_ok=True)


def _fill_store(
    store: np.ndarray,
    paths: Sequence[Path],
    sizes_wh: np.ndarray,
    turned: np.ndarray,
    workers: int,
) -> Iterator[int]:
    """Yield the rows of `store` as they are filled, in order; the first bad photo ends the work."""

    def fill(rows: range) -> range:
        for row in rows:
            width, height = sizes_wh[row].tolist()
            size_wh = width, height
            store[row], _ = read_squashed(paths[row], store.shape[1], bool(turned[row]), size_wh)
        return rows

    tasks = [
        range(len(paths))[at : at + _PHOTOS_A_TASK] for at in range(0, len(paths), _PHOTOS_A_TASK)
    ]
    with _one_torch_thread(), ThreadPoolExecutor(workers) as pool:
        try:
            yield from chain.from_iterable(pool.map(fill, tasks))
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Limit torch to one thread: the pool works on many photos at once, not on parts of one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only: the cores this process may use
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _check_room(out: Path, shape: tuple[int, ...]) -> None:
    # A full disk under a memory map kills the process without a message.
    needed, free = int(np.prod(shape)), shutil.disk_usage(out.parent).free
    if needed > free:
        room = f"needs {needed / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB"
        raise InputError(f"{out}: disk: {room}; free some or lower pixels.size in params.yaml")
