"""Opens files of JSON: their beginnings, to recognise them, and their content."""

import json
from pathlib import Path

import orjson

from pipeline.errors import InputError

_BEGINNING = 4096


def json_beginning(file: Path) -> bytes:
    """Return the first bytes of a file without byte order mark and white space."""
    with file.open("rb") as opened:
        return opened.read(_BEGINNING).removeprefix(b"\xef\xbb\xbf").lstrip()


def is_labelme_json(beginning: bytes) -> bool:
    """Return whether a file with this beginning is LabelMe's; in it the photo may come first."""
    keys = (b'"shapes"', b'"imagePath"', b'"imageData"')
    return beginning.startswith(b"{") and any(key in beginning for key in keys)


def read_json(file: Path) -> object:
    """Return the content of any JSON file; NaN, which orjson refuses, is for the checks to name.

    Raises:
        InputError: the file cannot be read or is no JSON in UTF-8.
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
    except (UnicodeDecodeError, RecursionError):
        raise InputError(f"{file}: not JSON in UTF-8; export it again") from None


def _int64_or_float(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)
