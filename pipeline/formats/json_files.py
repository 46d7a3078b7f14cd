"""Reads JSON files, or just their first bytes to recognise them, and writes long lists."""

import json
import re
from collections.abc import Iterable
from enum import Enum, auto
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from pipeline.errors import InputError
from pipeline.formats.text_files import SAVE_IT, beginning_of

_BLOCK = 10_000  # items in memory as Python objects
_FIRST, _BYTES = 1 << 12, 1 << 20  # read at first and then at a time
_OF_LABELME = (b"shapes", b"imagePath", b"imageData")
_OF_PASCAL = (b"images", b"annotations", b"categories")
_KEY = re.compile(rb'"(%s)"\s*:' % b"|".join([*_OF_LABELME, *_OF_PASCAL]))
_LONGEST = 64  # bytes of a key with the space after it
_ZERO = b"\0"  # every other byte of ASCII in UTF-16


class JsonKind(Enum):
    """What a JSON file holds, as far as a glance shows."""

    PASCAL = auto()
    LABELME = auto()
    LIST = auto()
    OTHER = auto()  # an object of some other tool
    DAMAGED = auto()


def write_list(file: BinaryIO, items: Iterable[dict]) -> None:
    """Write a JSON list block by block, as a million items in memory take a gigabyte."""
    first, left = True, iter(items)
    file.write(b"[")
    while block := list(islice(left, _BLOCK)):
        file.write(b"" if first else b",")
        file.write(orjson.dumps(block)[1:-1])
        first = False
    file.write(b"]")


def json_beginning(file: Path) -> bytes:
    """Return the first bytes of a file, without byte order mark and leading white space."""
    return beginning_of(file).lstrip()


def json_kind(file: Path) -> JsonKind:
    """Return what a JSON file holds, by the first of the known keys in it.

    It is mostly in the first bytes, but a file may begin with long flags, a photo or remarks, so
    all is searched. A file without such a key that ends early is damaged: it may have held labels.
    """
    start = json_beginning(file)[:1]
    if start == b"[":
        return JsonKind.LIST
    if start == b"{":
        if key := _first_key(file):
            return JsonKind.LABELME if key in _OF_LABELME else JsonKind.PASCAL
        if _last_byte(file) == b"}":
            return JsonKind.OTHER
    return JsonKind.DAMAGED


def _first_key(file: Path) -> bytes | None:
    """Return the first key of LabelMe or Pascal JSON in a file, None if it has none."""
    text, size = b"", _FIRST
    with file.open("rb") as opened:
        while block := opened.read(size):
            text = text[-_LONGEST:] + block.replace(_ZERO, b"")
            if match := _KEY.search(text):
                return match[1]
            size = _BYTES
    return None


def _last_byte(file: Path) -> bytes:
    """Return the last byte of a file that is not white space."""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - _LONGEST))
        return opened.read().replace(_ZERO, b"").rstrip()[-1:]


def read_json(file: Path) -> object:
    """Return the content of any JSON file; NaN, which orjson refuses, is left to the checks.

    A byte order mark is ignored, and UTF-16 and UTF-32 are read as well.

    Raises:
        InputError: the file cannot be read or is not JSON.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror}); check the path") from None
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text, parse_int=_int64_or_float)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise InputError(f"{file}: {where}: not JSON ({error.msg}); export it again") from None
    except UnicodeDecodeError:
        raise InputError(f"{file}: {SAVE_IT}") from None
    except RecursionError:
        raise InputError(f"{file}: nested too deeply; export it again") from None


def _int64_or_float(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)
