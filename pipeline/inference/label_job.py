"""The folder of a labelling job: what was asked for, and what is done, part by part.

A part is a Parquet file with a row a photo, complete or not there at all. What is done follows from
the parts alone, so a job that was killed goes on with what they lack. A part is named by its
number, as a later row of a photo counts, and by a digest of what the job asks and of its photos.
"""

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self, overload

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from pipeline.errors import InputError
from pipeline.files import write_beside
from pipeline.inference.s3_photos import S3Photo, s3_photo
from pipeline.reading.damage import naming_damage
from pipeline.reading.parquet_file import write_parquet

PHOTOS_A_PART = 256
PART_SCHEMA = pa.schema(
    [
        ("file_name", pa.string()),
        ("bytes", pa.int64()),  # of the file; a photo that has changed since is done again
        ("modified", pa.int64()),  # nanoseconds
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("error", pa.string()),  # why nothing could be found; null where all is well
        ("label", pa.list_(pa.int16())),
        ("score", pa.list_(pa.float32())),
        ("box", pa.list_(pa.float32())),  # four numbers a detection, xyxy in pixels
    ]
)


@dataclass(frozen=True)
class Asked:
    """What a job was begun with and must be continued with.

    Attributes:
        model: digest of the model.
        classes: names in label order.
        folder: to which the names of the photos are relative, seen from that of the labels.
        min_score, nms_threshold, max_detections: which outputs become detections.
    """

    model: str
    classes: list[str]
    folder: str
    min_score: float
    nms_threshold: float
    max_detections: int


State = tuple[str, int | None, int | None]  # file_name, bytes and modified
_STATE = pa.schema([PART_SCHEMA.field(at) for at in range(3)])
_BLOCK = 10_000  # photos in memory as Python's objects


class Waiting(NamedTuple):
    """A photo that is to be done.

    Attributes:
        name: relative to the folder of the job's photos.
        photo: its file, or where it is in S3.
        size: of the file in bytes.
        modified: when it was, in nanoseconds.
    """

    name: str
    photo: Path | S3Photo
    size: int
    modified: int


class WaitingPhotos(Sequence[Waiting]):
    """Photos below a folder in columns; each is made when it is asked for.

    A million of them take 40 MB here, and half a gigabyte one by one.

    Args:
        folder: the photos', or its address in S3.
        states: a table of name, size and time, of which `PART_SCHEMA` begins with the columns.
    """

    def __init__(self, folder: Path | str, states: pa.Table):
        self.folder = folder
        self.states = states

    @classmethod
    def of(cls, folder: Path | str, states: Iterable[State]) -> Self:
        """Return the photos with these names, sizes and times."""
        left = iter(states)
        blocks = iter(lambda: list(islice(left, _BLOCK)), [])
        tables = [pa.table(list(zip(*block, strict=True)), _STATE) for block in blocks]
        return cls(folder, pa.concat_tables([_STATE.empty_table(), *tables]).combine_chunks())

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


_ASKED, _MADE = TypeAdapter(Asked), TypeAdapter(dict[str, list[str]])


@dataclass(frozen=True)
class LabelJob:
    """A job in its folder.

    Attributes:
        folder: of the job.
        asked: what it was begun with.
        made: for each file or folder of labels the digests that the job has given it.
    """

    folder: Path
    asked: Asked
    made: dict[str, list[str]] = field(default_factory=dict)

    @property
    def parts(self) -> list[Path]:
        """The files of what is done, in their order."""
        return sorted(self.folder.glob("part-*.parquet"))

    def read(self, of_part: Callable[[pa.Table], pa.Table] = lambda rows: rows) -> pa.Table:
        """Return a row for each photo that is done, by file name.

        A photo that was done twice, since it had changed, has its later row.

        Args:
            of_part: what to keep of the rows of each part, so that not all of all parts is in
                memory; it keeps the column `file_name`.

        Raises:
            InputError: a part is damaged.
        """
        tables = [of_part(_read_part(part)) for part in self.parts]
        rows = pa.concat_tables([of_part(PART_SCHEMA.empty_table()), *tables])
        del tables
        order = pc.sort_indices(rows["file_name"])  # stable, and as Python sorts
        names = rows["file_name"].take(order)
        is_last = np.append(pc.not_equal(names[:-1], names[1:]).to_numpy(), True)[: len(rows)]
        return rows.take(order.filter(pa.array(is_last)))

    def states(self) -> pa.Table:
        """Return name, size and time of each photo that is done, by name."""
        return self.read(lambda rows: rows.select(_STATE.names))

    def add(self, number: int, rows: Sequence[dict]) -> None:
        """Write a part with these rows; on disk when this returns."""
        self.put(number, part_of(rows), list(map(_state, rows)))

    @property
    def next_number(self) -> int:
        """The number of the part after the last, by what is in the folder."""
        return int(self.parts[-1].stem.split("-")[1]) + 1 if self.parts else 0

    def put(self, number: int, part: bytes, photos: Sequence[State]) -> None:
        """Write what `part_of` returns for these photos as a part; on disk when this returns."""
        asked = json.dumps([asdict(self.asked), photos]).encode()
        digest = hashlib.sha256(asked).hexdigest()[:16]
        path = self.folder / f"part-{number:06d}-{digest}.parquet"
        write_beside(path, lambda beside: _write_synced(part, beside))

    def forget_parts(self) -> None:
        """Remove what is done, to begin anew."""
        for part in self.parts:
            part.unlink()

    def save(self) -> None:
        """Write what was asked for and what was made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"asked": asdict(self.asked), "made": self.made}, indent=1) + "\n"
        write_beside(self.folder / "job.json", lambda beside: beside.write_text(text))


def open_job(folder: Path, asked: Asked, *, restart: bool) -> LabelJob:
    """Return the job of a folder, a new one where there is none.

    Args:
        folder: of the job.
        asked: what it is to be done with.
        restart: it may have been begun with something else; what it has made before may still be
            replaced. `forget_parts` is to follow.

    Raises:
        InputError: it was begun with something else, or its journal is damaged.
    """
    journal = folder / "job.json"
    if not journal.is_file():
        return LabelJob(folder, asked)
    try:
        content = orjson.loads(journal.read_bytes())
        begun = _ASKED.validate_python(content["asked"])
        made = _MADE.validate_python(content["made"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{journal}: damaged ({error}); remove {folder} to begin anew") from None
    if begun != asked and not restart:
        raise InputError(
            f"{folder}: was begun {_difference(begun, asked)}; --restart begins anew, "
            "--out names another place"
        )
    return LabelJob(folder, asked, made)


def _difference(begun: Asked, asked: Asked) -> str:
    before, now = asdict(begun), asdict(asked)
    names = [name for name in now if before[name] != now[name]]
    if "model" in names or "classes" in names:
        return "with another model"
    return "with " + ", ".join(f"{name} {before[name]} instead of {now[name]}" for name in names)


def _read_part(part: Path) -> pa.Table:
    with naming_damage(part, "a part of a job", "remove it, and its photos are done again"):
        table = pq.read_table(part, page_checksum_verification=True)
        table.validate(full=True)
    if not table.schema.equals(PART_SCHEMA):
        raise InputError(f"{part}: of another version; --restart begins anew")
    return table


def part_of(rows: Sequence[dict]) -> bytes:
    """Return the Parquet file of a part with these rows."""
    file = io.BytesIO()
    write_parquet(pa.Table.from_pylist(list(rows), schema=PART_SCHEMA), file)
    return file.getvalue()


def _state(row: dict) -> State:
    return row["file_name"], row.get("bytes"), row.get("modified")


def _write_synced(part: bytes, path: Path) -> None:
    with path.open("wb") as file:
        file.write(part)
        file.flush()
        os.fsync(file.fileno())


def without_done(photos: WaitingPhotos, done: pa.Table) -> WaitingPhotos:
    """Return the photos that are not done, or have changed since.

    Args:
        photos: as they are now.
        done: what `states` or `read` returns.
    """
    if not len(done):
        return photos
    at = pc.index_in(photos.states["file_name"], done["file_name"])
    same = [pc.equal(photos.states[name], done[name].take(at)) for name in ("bytes", "modified")]
    return photos.filter(pc.invert(pc.fill_null(pc.and_(*same), False)))
