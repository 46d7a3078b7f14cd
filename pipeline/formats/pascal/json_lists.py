"""Reads long lists in a JSON file into Arrow tables, block by block.

As Python objects a million annotations take gigabytes. Here the commas between the objects of a
list are replaced by newlines, block by block, and Arrow parses the blocks on all cores. The split
relies on what serializers write: objects without nested objects, and the same text between any two.
Any other file raises `UnusualError`, and the caller falls back to a plain parser.

The split looks only at braces, yet no file is misread: the parser refuses a newline inside a string
or a nested list, and a comma too many or too few between objects shows when these are counted.
"""

import mmap
import re
import uuid
from collections import deque
from collections.abc import Set
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json

_BLOCK = 1 << 20  # small enough to stay in a core's cache between split and parser
_END = re.compile(rb"\s*\]")
_FIRST = re.compile(rb"\s*\{[^}]*\}(\s*,\s*(?=\{))?")


class UnusualError(Exception):
    """The file cannot be read in blocks; it may still be valid JSON."""


def read_lists(path: Path, schemas: dict[str, pa.Schema]) -> tuple[dict, dict[str, pa.Table]]:
    """Return a JSON object with its long lists emptied, and these lists as tables.

    Args:
        path: the file.
        schemas: for each key of a list of objects, the fields to read; others are skipped, and a
            missing field is null.

    Raises:
        UnusualError: it cannot be read this way.
    """
    tables: dict[str, pa.Table] = {}
    around: list[bytes] = []
    position = 0
    mark = uuid.uuid4().hex  # placeholder for each list in the rest; no file holds it by chance
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            while missing := schemas.keys() - tables.keys():
                key, start = _next_list(text, position, missing)
                around.append(text[position:start])
                tables[key], position = _read_list(text, start, schemas[key])
            around.append(text[position:])
        rest = orjson.loads(orjson.dumps(mark).join(around))
    except (pa.ArrowInvalid, ValueError) as error:  # not lines, not JSON, an empty file
        raise UnusualError(str(error)) from None
    if not isinstance(rest, dict) or any(rest.get(key) != [mark] for key in schemas):
        raise UnusualError("a list is not at the top level")
    return rest | {key: [] for key in schemas}, tables


def _next_list(text: mmap.mmap, position: int, keys: Set[str]) -> tuple[str, int]:
    """Return the key of the next list, and the position after its opening bracket."""
    names = "|".join(re.escape(key) for key in sorted(keys)).encode()
    match = re.compile(rb'"(%s)"\s*:\s*\[' % names).search(text, position)
    if match is None:
        raise UnusualError(f"lists are missing: {', '.join(sorted(keys))}")
    return match[1].decode(), match.end()


def _read_list(text: mmap.mmap, start: int, schema: pa.Schema) -> tuple[pa.Table, int]:
    """Return the table of the list that starts at `start`, and the position of its end."""
    end, position = _end_of_list(text, start), start
    if end is not None:
        return schema.empty_table(), end
    separator = _separator(text, start)
    cores = pa.cpu_count()
    # One to split while the others are parsed; reused, as fresh memory costs more than a split.
    rooms = cycle(np.empty((cores + 1, _BLOCK), np.uint8))
    parts: list[pa.Table] = []
    parsing: deque[Future[pa.Table]] = deque()
    with ThreadPoolExecutor(cores) as pool:
        while end is None:
            if len(parsing) > cores:
                parts.append(parsing.popleft().result())
            lines, objects, position = _cut(text, position, separator, next(rooms))
            parsing.append(pool.submit(_parse, lines, objects, schema))
            end = _end_of_list(text, position)
            _forget(text, position)
        parts += [part.result() for part in parsing]
    return pa.concat_tables(parts), end


def _separator(text: mmap.mmap, start: int) -> bytes:
    """Return the text between the first two objects of a list, a comma if there is only one."""
    match = _FIRST.match(text, start, start + _BLOCK)
    if match is None:  # Arrow would crash at a null between objects
        raise UnusualError("not a list of objects")
    return match[1] or b","


def _end_of_list(text: mmap.mmap, position: int) -> int | None:
    """Return the position of the list's closing bracket if it comes next."""
    match = _END.match(text, position)
    return match.end() - 1 if match else None


def _cut(
    text: mmap.mmap, position: int, separator: bytes, room: np.ndarray
) -> tuple[np.ndarray, int, int]:
    """Return the objects of the next block as lines, their number, and the next position."""
    block = room[: len(text) - position]
    block[:] = np.frombuffer(text, np.uint8, len(block), position)
    ends = np.flatnonzero(block == ord("}"))
    objects = _followed(block, ends, separator)
    block[ends[:objects] + 1 + separator.find(b",")] = ord("\n")
    behind = len(separator)
    if objects < len(ends) and _end_of_list(text, position + int(ends[objects]) + 1) is not None:
        objects, behind = objects + 1, 0
    if objects == 0:
        raise UnusualError("objects hold objects, are too long or are not separated alike")
    size = int(ends[objects - 1]) + 1
    return block[:size], objects, position + size + behind


def _followed(block: np.ndarray, ends: np.ndarray, separator: bytes) -> int:
    """Return how many objects, from the first on, are followed by `separator` and another one."""
    alike = np.ones(len(ends) + 1, bool)
    alike[-1] = False
    for offset, byte in enumerate(separator + b"{", 1):
        alike[:-1] &= block[np.minimum(ends + offset, len(block) - 1)] == byte
    return int(np.argmin(alike))


def _parse(lines: np.ndarray, objects: int, schema: pa.Schema) -> pa.Table:
    """Return the table of `objects` lines, parsed as one block, as lines may end inside objects."""
    table = pyarrow.json.read_json(
        pa.BufferReader(pa.py_buffer(lines)),
        pyarrow.json.ReadOptions(use_threads=False, block_size=_BLOCK),
        pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )
    if len(table) != objects:
        raise UnusualError("lines and objects differ in number")
    return table


def _forget(text: mmap.mmap, end: int) -> None:
    """Release the pages read so far, which otherwise count as this process's memory."""
    if hasattr(mmap, "MADV_DONTNEED"):
        text.madvise(mmap.MADV_DONTNEED, 0, end - end % mmap.PAGESIZE)
