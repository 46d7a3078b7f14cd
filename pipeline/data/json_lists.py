"""Step 2 of the journey, reading: long lists of a JSON file become Arrow tables, block by block.

As Python objects a million annotations take gigabytes. Here the commas between the objects of a
list become line ends, and Arrow's parser reads the lines on all cores. Where to cut is told by what
serializers write: objects that hold no objects, and the same text between any two. All of this is
checked, and what is not so is `UnusualError`: the caller then takes a plain parser. Braces inside a
string may mislead the cut, but it then goes through that string, which no parser accepts.
"""

import mmap
import re
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json

_BLOCK = 16 << 20
_END = re.compile(rb"\s*\]")
_SEPARATOR = re.compile(rb"\s*,\s*")


class UnusualError(Exception):
    """The file is not of the kind that can be read in blocks; it may still be good JSON."""


def read_lists(path: Path, schemas: dict[str, pa.Schema]) -> tuple[dict, dict[str, pa.Table]]:
    """Return what a JSON object holds beside its long lists, which are empty there, and the lists.

    Args:
        path: the file.
        schemas: for each key of a list of objects, the fields to read; others are left out, and a
            field that an object lacks is null.

    Raises:
        UnusualError: it cannot be read this way.
    """
    tables, spans = {}, []
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            for key, schema in schemas.items():
                start = _start_of_list(text, key)
                tables[key], end = _read_list(text, start, schema)
                spans.append((start, end))
            rest = orjson.loads(_without(text, sorted(spans)))
    except (pa.ArrowInvalid, ValueError) as error:  # no lines, no JSON, an empty file
        raise UnusualError(str(error)) from None
    if not isinstance(rest, dict) or any(rest.get(key) != [] for key in schemas):
        raise UnusualError("a list is not at the top level")
    return rest, tables


def _start_of_list(text: mmap.mmap, key: str) -> int:
    """Return where the list of `key` begins, behind its bracket."""
    found = [match.end() for match in re.finditer(rb'"%s"\s*:\s*\[' % key.encode(), text)]
    if len(found) != 1:
        raise UnusualError(f"{key} is there {len(found)} times")
    return found[0]


def _read_list(text: mmap.mmap, start: int, schema: pa.Schema) -> tuple[pa.Table, int]:
    """Return the table of the list that begins at `start`, and where its bracket closes."""
    parts = [schema.empty_table()]
    end = _end_of_list(text, start)
    position = start
    while end is None:
        lines, objects, read, last = _block_of_lines(text, position)
        part = _parse(lines, schema)
        if len(part) != objects:
            raise UnusualError("lines and objects differ in number")
        parts.append(part)
        position += read
        if last:
            end = _end_of_list(text, position)
            if end is None:
                raise UnusualError("objects are not parted alike")
        _forget(text, position)
    return pa.concat_tables(parts), end


def _end_of_list(text: mmap.mmap, position: int) -> int | None:
    """Return where the list's bracket is, if nothing but space lies before it."""
    match = _END.match(text, position)
    return match.end() - 1 if match else None


def _block_of_lines(text: mmap.mmap, position: int) -> tuple[np.ndarray, int, int, bool]:
    """Return the objects of a block as lines, their number, the bytes read, and if it ends here."""
    block = np.frombuffer(bytearray(text[position : position + _BLOCK]), np.uint8)
    opens, closes = np.flatnonzero(block == ord("{")), np.flatnonzero(block == ord("}"))
    if not len(opens) or not len(closes) or block[: opens[0]].tobytes().strip():
        raise UnusualError("not a list of objects")
    separator = block[closes[0] + 1 : opens[1]].tobytes() if len(opens) > 1 else b""
    regular = _regular(block, opens, closes, separator)
    count = int(np.argmin(np.append(regular, False)))  # objects that another follows
    last = count < len(regular) or count == 0
    if not last:
        objects, read = count, int(opens[count])
    else:
        objects, read = count + 1, int(closes[count]) + 1
    if (opens[:objects] > closes[:objects]).any():
        raise UnusualError("objects hold objects")
    lines = block[opens[0] : closes[objects - 1] + 1]
    lines[(lines == 10) | (lines == 13)] = ord(" ")  # between tokens, as strings may not hold them
    comma = separator.find(b",")
    lines[closes[: objects - 1] - opens[0] + 1 + comma] = ord("\n")
    return lines, objects, read, last


def _regular(
    block: np.ndarray, opens: np.ndarray, closes: np.ndarray, separator: bytes
) -> np.ndarray:
    """Return for each object with another behind it whether `separator` lies between the two."""
    count = min(len(opens) - 1, len(closes))
    if not _SEPARATOR.fullmatch(separator):
        return np.zeros(count, bool)
    regular = opens[1 : count + 1] - closes[:count] == len(separator) + 1
    for offset, byte in enumerate(separator, 1):
        regular &= block[np.minimum(closes[:count] + offset, len(block) - 1)] == byte
    return regular


def _parse(lines: np.ndarray, schema: pa.Schema) -> pa.Table:
    return pyarrow.json.read_json(
        pa.BufferReader(pa.py_buffer(lines)),
        pyarrow.json.ReadOptions(block_size=2 << 20),
        pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )


def _without(text: mmap.mmap, spans: list[tuple[int, int]]) -> bytes:
    """Return the text without what lies in the spans, which are in order and apart."""
    starts = [0, *(end for _, end in spans)]
    ends = [*(start for start, _ in spans), len(text)]
    return b"".join(text[start:end] for start, end in zip(starts, ends, strict=True))


def _forget(text: mmap.mmap, end: int) -> None:
    """Let go of the pages read so far, which else count as this process's memory."""
    if hasattr(mmap, "MADV_DONTNEED"):
        text.madvise(mmap.MADV_DONTNEED, 0, end - end % mmap.PAGESIZE)
