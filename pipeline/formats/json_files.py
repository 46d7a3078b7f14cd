"""Reads JSON files, or just their first bytes to recognise them, and writes long lists."""

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson

from pipeline.errors import InputError
from pipeline.formats.text_files import SAVE_IT, beginning_of

_BLOCK = 10_000  # items in memory as Python objects


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


def is_labelme_json(beginning: bytes) -> bool:
    """Return whether a file that begins like this is LabelMe's; the photo may come first in it."""
    keys = (b'"shapes"', b'"imagePath"', b'"imageData"')
    return beginning.startswith(b"{") and any(key in beginning for key in keys)


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
