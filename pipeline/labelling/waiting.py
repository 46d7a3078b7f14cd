"""The photos that a labelling job has yet to do, in columns."""

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self, overload

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.inference.s3_photos import S3Photo, s3_photo

State = tuple[str, int | None, int | None]  # file_name, bytes and modified
STATE = pa.schema(
    [
        ("file_name", pa.string()),
        ("bytes", pa.int64()),  # of the file; a photo that has changed since is done again
        ("modified", pa.int64()),  # nanoseconds
    ]
)
_BLOCK = 10_000  # photos in memory as Python objects


class Waiting(NamedTuple):
    """A photo to be labelled.

    Attributes:
        name: relative to the folder of the job's photos.
        photo: its file, or its place in S3.
        size: of the file in bytes.
        modified: time of its last change, in nanoseconds.
    """

    name: str
    photo: Path | S3Photo
    size: int
    modified: int


class WaitingPhotos(Sequence[Waiting]):
    """Photos below a folder, in columns; a `Waiting` is created on access.

    A million photos take 40 MB this way, and half a gigabyte as objects.

    Args:
        folder: of the photos, or its address in S3.
        states: name, size and time of each, the columns of `STATE`.
    """

    def __init__(self, folder: Path | str, states: pa.Table):
        self.folder = folder
        self.states = states

    @classmethod
    def of(cls, folder: Path | str, states: Iterable[State]) -> Self:
        """Return the photos with these names, sizes and times."""
        left = iter(states)
        blocks = iter(lambda: list(islice(left, _BLOCK)), [])
        tables = [pa.table(list(zip(*block, strict=True)), STATE) for block in blocks]
        return cls(folder, pa.concat_tables([STATE.empty_table(), *tables]).combine_chunks())

    def __len__(self) -> int:
        return len(self.states)

    @overload
    def __getitem__(self, place: int) -> Waiting: ...

    @overload
    def __getitem__(self, place: slice) -> Self: ...

    def __getitem__(self, place: int | slice) -> Waiting | Self:
        """Return one photo, or those of a slice."""
        if isinstance(place, slice):
            return type(self)(self.folder, self.states[place])
        name, size, modified = (column[place].as_py() for column in self.states.columns)
        if isinstance(self.folder, Path):
            return Waiting(name, self.folder / name, size, modified)
        return Waiting(name, s3_photo(f"{self.folder}/{name}", size, modified), size, modified)

    def filter(self, kept: pa.Array) -> Self:
        """Return the photos for which `kept`, a bool each, is true."""
        return type(self)(self.folder, self.states.filter(kept))

    def without(self, files: Iterable[Path]) -> Self:
        """Return all photos but those that are one of `files`."""
        if not isinstance(self.folder, Path):
            return self
        names = [Path(os.path.relpath(file, self.folder)).as_posix() for file in files]
        known = pc.is_in(self.states["file_name"], pa.array(names, pa.string()))
        return self.filter(pc.invert(known))


def without_done(photos: WaitingPhotos, done: pa.Table) -> WaitingPhotos:
    """Return the photos that are not done or have changed since.

    Args:
        photos: as they are now.
        done: names, sizes and times of what is done.
    """
    return photos.filter(pc.invert(unchanged(photos.states, done)))


def unchanged(states: pa.Table, others: pa.Table) -> pa.ChunkedArray:
    """Return for each photo whether the one with its name in `others` has the same size and time.

    Args:
        states: has the columns of `STATE`.
        others: likewise, with at most one row per name.
    """
    at = pc.index_in(states["file_name"], others["file_name"])
    same = [pc.equal(states[name], others[name].take(at)) for name in ("bytes", "modified")]
    return pc.fill_null(pc.and_(*same), False)
