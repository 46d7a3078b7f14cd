"""Builds the pixel store: each photo is decoded and squashed once.

Training then reads rows of the store and never opens a photo again.
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
from pipeline.data.earlier_shards import EarlierShards, shards_in
from pipeline.data.pixel_store import digest_of, digest_path, shard_paths, write_digests
from pipeline.data.stored_photos import StoredPhotos
from pipeline.errors import InputError
from pipeline.files import sha256_of
from pipeline.processes import usable_cores
from pipeline.progress import progress

_PHOTOS_A_TASK = 16


def build_pixel_store(
    paths: Sequence[Path],
    sizes_wh: np.ndarray,
    out: Path,
    side: int,
    *,
    turned: np.ndarray | None = None,
    shard_photos: int | None = None,
    earlier: Path | None = None,
    workers: int | None = None,
) -> None:
    """Write every photo, squashed to a square, as a row of one or more `.npy` files.

    Width and height are scaled independently (no crop, no border) with an antialiased bilinear
    filter, so a box moves with its photo by a factor for each axis. Decoding and resizing release
    the GIL, so threads use all cores; memory does not grow with the number of photos.

    A file appears once it is complete. One already there, or in the folder `earlier`, is reused if
    it was made from the same bytes in the same way.

    Args:
        paths: `(P,)` the photos, in the order of the table `images`.
        sizes_wh: `(P, 2)` width and height of each photo in pixels, according to the table.
        out: The file to write, uint8 `(P, S, S, 3)` RGB; for several, see `shard_paths`.
        side: S, in pixels.
        turned: `(P,)` bool, whether to apply each photo's EXIF orientation; None for all.
        shard_photos: The largest number of photos per file; None for no limit.
        earlier: The folder of an earlier store.
        workers: Threads; None for one per core.

    Raises:
        InputError: A photo is missing, cannot be read or decoded, or has another size than the
            table says; or the disk has too little space.
    """
    turns = np.ones(len(paths), bool) if turned is None else turned
    photos = StoredPhotos(paths, np.asarray(sizes_wh), turns, side)
    in_one = shard_photos or max(1, len(paths))
    files = shard_paths(out, max(1, -(-len(paths) // in_one)))
    out.parent.mkdir(parents=True, exist_ok=True)
    made = EarlierShards([out.parent, *([earlier] if earlier else [])], out.name)
    _check_room(out, len(photos) * side * side * 3 - made.size)
    with _one_torch_thread(), ThreadPoolExecutor(workers or usable_cores()) as pool:
        try:
            filled = chain.from_iterable(
                _make(part, file, made, pool)
                for part, file in zip(photos.parts(in_one), files, strict=True)
            )
            for _ in progress(filled, total=len(paths), desc="pixels", unit="photos"):
                pass
        finally:
            pool.shutdown(cancel_futures=True)
    for file in set(shards_in(out.parent, out.name)) - set(files):
        file.unlink()
        digest_path(file).unlink(missing_ok=True)


def _make(
    photos: StoredPhotos, file: Path, made: EarlierShards, pool: ThreadPoolExecutor
) -> Iterator[object]:
    """Make `file`, yielding something for each of its photos; stop at the first bad photo."""
    if made.files and (origin := photos.digest_on_disk(pool)) and made.take(origin, file):
        yield from photos.paths
        return
    partial = file.with_name(file.name + ".partial")
    try:
        start = _write_empty(partial, (len(photos), photos.side, photos.side, 3))
        of_photos, of_pixels = [], []
        for of_photo, of_square in _fill(photos, partial, start, pool):
            of_photos.append(of_photo)
            of_pixels.append(of_square)
            yield of_photo
        write_digests(file, photos.made_from(of_photos), of_pixels)
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)


def _write_empty(path: Path, shape: tuple[int, ...]) -> int:
    """Write the header of an array and reserve space for its data; return the data's offset."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        start = file.tell()
        file.truncate(start + int(np.prod(shape)))
    return start


def _fill(
    photos: StoredPhotos, path: Path, start: int, pool: ThreadPoolExecutor
) -> Iterator[tuple[str, bytes]]:
    """Write the squashed photos in place; yield the digests of each file and square, in order.

    Written rather than memory-mapped: the process does not grow, and a full disk raises an error.
    """
    row_bytes = photos.side * photos.side * 3

    def fill(rows: range) -> list[tuple[str, bytes]]:
        squares, digests = [], []
        for row in rows:
            width, height = photos.sizes_wh[row].tolist()
            turned, size_wh = bool(photos.turned[row]), (width, height)
            square, _ = read_squashed(photos.paths[row], photos.side, turned, size_wh)
            squares.append(np.ascontiguousarray(square))
            digests.append((sha256_of(photos.paths[row]), digest_of(squares[-1])))
        with path.open("r+b") as file:
            file.seek(start + rows.start * row_bytes)
            file.writelines(square.data for square in squares)
        return digests

    rows = range(len(photos))
    tasks = [rows[at : at + _PHOTOS_A_TASK] for at in range(0, len(rows), _PHOTOS_A_TASK)]
    return chain.from_iterable(pool.map(fill, tasks))


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Limit torch to one thread: the pool works on many photos at once, not on parts of one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _check_room(out: Path, needed: int) -> None:
    free = shutil.disk_usage(out.parent).free
    if needed > free:
        room = f"needs {needed / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB"
        raise InputError(f"{out}: disk: {room}; free some or lower pixels.size in params.yaml")
