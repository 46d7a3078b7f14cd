"""The photos that could not be labelled, and the file that lists them."""

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import counted, one_line
from pipeline.files import write_beside

_HEADER = "photo,reason"
_UNREAD = "^(no such file|cannot be read)"  # as the decoder says it


@dataclass(frozen=True)
class Refusal:
    """A photo that could not be labelled, and why."""

    photo: str
    reason: str


def refusals(done: pa.Table) -> list[Refusal]:
    """Return the photos of a job that could not be labelled.

    Args:
        done: of `LabelJob.done`.
    """
    broken = done.filter(pc.is_valid(done["error"]))
    return list(map(Refusal, broken["file_name"].to_pylist(), broken["error"].to_pylist()))


def were_read(done: pa.Table) -> pa.ChunkedArray:
    """Return for each photo of a job whether its file could be read, be it a photo or not.

    The others are tried again: correcting the permissions or the disk leaves size and time as they
    were, so such a photo does not count as changed.

    Args:
        done: of `LabelJob.done`.
    """
    unread = pc.match_substring_regex(done["error"], _UNREAD)
    return pc.invert(pc.fill_null(unread, False))


def is_refusals(path: Path) -> bool:
    """Return whether a file is a list of refused photos."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER.encode()


def write_refusals(path: Path, refused: Sequence[Refusal]) -> None:
    """Write the photos that could not be labelled as CSV; if there are none, remove the list."""
    if not refused:
        if is_refusals(path):
            path.unlink()
        return

    def write(beside: Path) -> None:
        with beside.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(_HEADER.split(","))
            writer.writerows([one.photo, one.reason] for one in refused)

    write_beside(path, write)


def report_refusals(refused: Sequence[Refusal], path: Path) -> int:
    """Write and print which photos could not be labelled; return the exit code."""
    write_refusals(path, refused)
    for one in refused[:10]:
        print(one_line(f"warning: {one.photo}: {one.reason}"), file=sys.stderr)
    if refused:
        print(f"left out: {counted(len(refused), 'photo')}, listed in {path}", file=sys.stderr)
    return 1 if refused else 0
