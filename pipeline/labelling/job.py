"""The folder of a labelling job: its settings, and what is done, part by part.

A part is a Parquet file with one row per photo, complete or not there at all. What is done follows
from the parts alone, so a killed job resumes with whatever they lack. A part's name has its number,
because the latest row of a photo counts, and a digest of the job's settings and of its photos.
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from pipeline.errors import InputError
from pipeline.files import write_beside
from pipeline.labelling.waiting import STATE, State
from pipeline.reading.damage import naming_damage
from pipeline.reading.parquet_file import write_parquet

PHOTOS_A_PART = 256
PART_SCHEMA = pa.schema(
    [
        *STATE,
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("error", pa.string()),  # why nothing could be found; null where all is well
        ("label", pa.list_(pa.int16())),
        ("score", pa.list_(pa.float32())),
        ("box", pa.list_(pa.float32())),  # four numbers per detection, xyxy in pixels
    ]
)
_DONE = pa.schema([*STATE, ("error", pa.string()), ("part", pa.int32()), ("row", pa.int32())])
_BLOCK = 10_000  # photos whose detections are in memory together


@dataclass(frozen=True)
class JobSettings:
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


_SETTINGS, _MADE = TypeAdapter(JobSettings), TypeAdapter(dict[str, list[str]])


@dataclass(frozen=True)
class LabelJob:
    """A job in its folder.

    Attributes:
        folder: of the job.
        asked: what it was begun with.
        made: for each file or folder of labels the digests that the job has given it.
    """

    folder: Path
    asked: JobSettings
    made: dict[str, list[str]] = field(default_factory=dict)

    @property
    def parts(self) -> list[Path]:
        """The files of what is done, in order."""
        found = self.folder.glob("part-*.parquet")
        # A kill while a part is being written leaves its temporary file.
        return sorted(part for part in found if not part.stem.endswith(".partial"))

    def done(self) -> pa.Table:
        """Return which photos are done and where their rows are, by file name.

        A photo that was done again because it had changed has only its later row.

        Returns:
            the columns of `STATE`, `error`, `part`, its place in `parts`, and `row` in the part.

        Raises:
            InputError: a part is damaged.
        """
        done = pa.concat_tables(
            [_DONE.empty_table(), *(_done_in(at, part) for at, part in enumerate(self.parts))]
        )
        order = pc.sort_indices(done["file_name"])  # stable, and as Python sorts
        names = done["file_name"].take(order)
        is_last = np.append(pc.not_equal(names[:-1], names[1:]).to_numpy(), True)[: len(done)]
        return done.take(order.filter(pa.array(is_last))).combine_chunks()

    def blocks(self, done: pa.Table) -> Iterator[pa.Table]:
        """Yield the rows of photos, some thousand at a time, as all may not fit in memory.

        Args:
            done: some rows of what `done` returns.

        Yields:
            rows of `PART_SCHEMA` in the order of `done`; one empty block if there are none.
        """
        parts = self.parts
        for start in range(0, max(len(done), 1), _BLOCK):
            block = done[start : start + _BLOCK]
            needed, which = np.unique(block["part"].to_numpy(), return_inverse=True)
            tables = [_read_part(parts[at]) for at in needed]
            starts = np.cumsum([0, *map(len, tables)])
            rows = pa.concat_tables([PART_SCHEMA.empty_table(), *tables]).combine_chunks()
            yield rows.take(starts[which] + block["row"].to_numpy())

    def add(self, number: int, rows: Sequence[dict]) -> None:
        """Write a part with these rows; it is on disk when this returns."""
        self.put(number, part_of(rows), list(map(_state, rows)))

    @property
    def next_number(self) -> int:
        """The number for the part after the last one in the folder."""
        return int(self.parts[-1].stem.split("-")[1]) + 1 if self.parts else 0

    def put(self, number: int, part: bytes, photos: Sequence[State]) -> None:
        """Write what `part_of` returned for these photos; it is on disk when this returns."""
        asked = json.dumps([asdict(self.asked), photos]).encode()
        digest = hashlib.sha256(asked).hexdigest()[:16]
        path = self.folder / f"part-{number:06d}-{digest}.parquet"
        write_beside(path, lambda beside: _write_synced(part, beside))

    def forget_parts(self) -> None:
        """Remove what is done, to start over."""
        for part in self.parts:
            part.unlink()

    def save(self) -> None:
        """Write the settings and the digests of what was made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"asked": asdict(self.asked), "made": self.made}, indent=1) + "\n"
        write_beside(self.folder / "job.json", lambda beside: beside.write_text(text))


def open_job(folder: Path, asked: JobSettings, *, restart: bool) -> LabelJob:
    """Return the job of a folder, a new one where there is none.

    Args:
        folder: of the job.
        asked: what it is to be done with.
        restart: it may have been begun with something else; what it has made before may still be
            replaced. `forget_parts` is to follow.

    Raises:
        InputError: it was begun with something else, or its journal is missing or damaged.
    """
    journal = folder / "job.json"
    if not journal.is_file():
        job = LabelJob(folder, asked)
        if job.parts and not restart:  # which may be of another model
            raise InputError(f"{journal}: missing; restore it, or begin anew with --restart")
        return job
    try:
        content = json.loads(journal.read_bytes())
        begun = _SETTINGS.validate_python(content["asked"])
        made = _MADE.validate_python(content["made"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{journal}: damaged ({error}); restore it, or remove it and the parts beside it to "
            "begin anew; what people have decided is in review.json there"
        ) from None
    if begun != asked and not restart:
        raise InputError(
            f"{folder}: was begun {_difference(begun, asked)}; --restart begins anew, "
            "--out names another place"
        )
    return LabelJob(folder, asked, made)


def _difference(begun: JobSettings, asked: JobSettings) -> str:
    before, now = asdict(begun), asdict(asked)
    names = [name for name in now if before[name] != now[name]]
    if "model" in names or "classes" in names:
        return "with another model"
    return "with " + ", ".join(f"{name} {before[name]} instead of {now[name]}" for name in names)


def _done_in(at: int, part: Path) -> pa.Table:
    rows = _read_part(part).select([*STATE.names, "error"])
    rows = rows.append_column("part", pa.array(np.full(len(rows), at, np.int32)))
    return rows.append_column("row", pa.array(np.arange(len(rows), dtype=np.int32)))


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
