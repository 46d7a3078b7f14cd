"""The pixel store: squashed photos in one or more files, read by training and prediction.

Photos are read one by one rather than memory-mapped: a process holds only those it works on, and a
failing disk raises an exception instead of killing the process.
"""

import hashlib
import os
import weakref
from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.errors import InputError
from pipeline.files import TABLES, write_beside
from pipeline.reading.array_file import read_array

_AGAIN = "run the pixels stage again"
_DIGEST = hashlib.sha256().digest_size


class Pixels(Protocol):
    """Photos `(P, S, S, 3)` uint8 RGB: a store, or an array in memory."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: int | slice | np.ndarray, /) -> np.ndarray: ...


class PixelStore:
    """Photos `(P, S, S, 3)` uint8 RGB on disk, read-only and indexed by row like an array.

    Each photo is checked against its digest when this process first reads it; otherwise training
    would not notice a flipped bit.

    Args:
        shards: the files of the store, all of the same length except the last.
    """

    def __init__(self, shards: "list[Shard]"):
        self.shards = shards
        self._rows = np.arange(sum(len(shard) for shard in shards), dtype=np.int32)
        self._read = np.zeros(len(self), bool)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """P, S, S and 3."""
        side = self.shards[0].side
        return len(self), side, side, 3

    def __getitem__(self, rows: int | slice | np.ndarray, /) -> np.ndarray:
        """Return a copy of these photos.

        Raises:
            InputError: one is damaged, or cannot be read from disk.
            IndexError: there is no such row.
        """
        wanted = np.asarray(self._rows[rows])
        photos = np.empty((wanted.size, *self.shape[1:]), np.uint8)
        for row, photo in zip(wanted.flat, photos, strict=True):
            shard, place = divmod(int(row), len(self.shards[0]))
            self.shards[shard].read(place, photo, check=not self._read[row])
            self._read[row] = True
        return photos.reshape(*wanted.shape, *self.shape[1:])


class Shard:
    """A file of a store, `(N, S, S, 3)`, and its file of digests.

    Raises:
        InputError: one of the two is missing, damaged or something else.
    """

    def __init__(self, path: Path):
        try:
            array = read_array(path, _AGAIN, "r")
        except FileNotFoundError:
            raise InputError(f"{path}: no such file; run the pixels stage first") from None
        square = array.ndim == 4 and array.shape[1] == array.shape[2] and array.shape[3] == 3
        if array.dtype != np.uint8 or not square:
            has = f"has {array.dtype} {array.shape}, expected uint8 (P, S, S, 3)"
            raise InputError(f"{path}: {has}; {_AGAIN}")
        self.path, self.side = path, array.shape[1]
        self._start = getattr(array, "offset", 0)
        self.made_from, digests = read_digests(path)
        self._photos = len(digests) // _DIGEST
        if len(self) != len(array):
            problem = f"has {len(array)} photos and {len(self)} digests"
            raise InputError(f"{path}: {problem}; {_AGAIN}")
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self._photos

    def check(self) -> None:
        """Check all photos against their digests.

        Raises:
            InputError: one is damaged, or cannot be read from disk.
        """
        photo = np.empty((self.side, self.side, 3), np.uint8)
        for place in range(len(self)):
            self.read(place, photo, check=True)

    def read(self, place: int, photo: np.ndarray, *, check: bool) -> None:
        """Fill `photo`, `(S, S, 3)`, with the photo at `place`; compare digests if `check`."""
        try:
            read = os.preadv(self._file, [photo.data], self._start + place * photo.nbytes)
            known = self._digest(place) if check else b""
        except OSError as error:
            problem = f"cannot be read ({error.strerror or error})"
            raise InputError(f"{self.path}: {problem}; check the disk") from None
        if read < photo.nbytes or (check and digest_of(photo) != known):
            problem = f"damaged, the SHA-256 of photo {place} is not in {digest_path(self.path)}"
            raise InputError(f"{self.path}: {problem}; {_AGAIN}")

    def _digest(self, place: int) -> bytes:
        # Read from disk once per photo: the digests of a million take 32 MB. Opened each time: a
        # process may have only 1024 open files, and a store has one for each 20,000 photos.
        with digest_path(self.path).open("rb") as file:
            file.seek(_DIGEST * (place + 1))
            return file.read(_DIGEST)


def open_pixel_store(path: Path, photos: int | None = None) -> PixelStore:
    """Return the store; only its size is checked now, and each photo when it is first read.

    Args:
        path: the file; for a store in several, the path that `shard_paths` names them after.
        photos: P, the number of rows of the `images` table; None accepts any.

    Raises:
        InputError: a file is missing, damaged or something else, or the number of photos differs.
    """
    store = PixelStore([Shard(file) for file in _files_of(path)])
    sizes = [(len(shard), shard.side) for shard in store.shards]
    if len(set(sizes[:-1])) > 1 or len({side for _, side in sizes}) > 1 or sizes[-1] > sizes[0]:
        raise InputError(f"{path.parent}: files of several stores; {_AGAIN}")
    if photos is not None and len(store) != photos:
        raise InputError(
            f"{path}: has {len(store)} photos, {TABLES / 'images.parquet'} has {photos}; {_AGAIN}"
        )
    return store


def shard_paths(path: Path, number: int) -> list[Path]:
    """Return the files of a store in order; each name says how many there are."""
    if number == 1:
        return [path]
    return [
        path.with_name(f"{path.stem}-{shard:05}-of-{number:05}{path.suffix}")
        for shard in range(number)
    ]


def _files_of(path: Path) -> list[Path]:
    found = sorted(path.parent.glob(f"{path.stem}-*-of-*{path.suffix}"))
    number = found[-1].stem.rpartition("-of-")[2] if found else ""
    return shard_paths(path, int(number) if number.isdecimal() and not path.exists() else 1)


def digest_files(path: Path) -> list[Path]:
    """Return the files of digests, which identify a store."""
    return [digest_path(file) for file in _files_of(path)]


def digest_path(path: Path) -> Path:
    """Return the path of the digests that belong to a file of a store."""
    return path.with_name(f"{path.name}.sha256")


def digest_of(photo: np.ndarray) -> bytes:
    """Return the SHA-256 of the pixels of a photo; 2 GB/s where the processor has units for it."""
    return hashlib.sha256(photo.data).digest()


def write_digests(path: Path, made_from: bytes, digests: list[bytes]) -> None:
    """Write the digests of a file: of what it was made from, then of each of its photos."""
    content = made_from + b"".join(digests)
    write_beside(digest_path(path), lambda beside: beside.write_bytes(content))


def read_digests(path: Path) -> tuple[bytes, bytes]:
    """Return what `write_digests` wrote; the digests of all photos are concatenated.

    Raises:
        InputError: the file is missing or truncated.
    """
    file = digest_path(path)
    if not file.is_file():
        raise InputError(f"{file}: no such file; {_AGAIN}")
    content = file.read_bytes()
    if not content or len(content) % _DIGEST:
        raise InputError(f"{file}: damaged, it holds half a digest; {_AGAIN}")
    return content[:_DIGEST], content[_DIGEST:]
