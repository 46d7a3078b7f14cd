"""Reads small text files."""

from pathlib import Path

from pipeline.errors import InputError
from pipeline.photo_files import is_file

_BEGINNING = 4096
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # of UTF-8 and UTF-16
SAVE_IT = "not text in UTF-8; save it as UTF-8"


def beginning_of(file: Path, size: int = _BEGINNING) -> bytes:
    """Return the first bytes of a file, roughly as UTF-8, to recognise it by.

    The byte order mark is removed, and so are the zeros of ASCII letters in UTF-16: such a file is
    recognised, and its reader can report the wrong encoding. A folder has none, whatever its name.

    Raises:
        InputError: it is a link to nothing.
    """
    if not is_file(file):
        return b""
    with file.open("rb") as opened:
        text = opened.read(size).replace(b"\0", b"")
    mark = next((mark for mark in _MARKS if text.startswith(mark)), b"")
    return text.removeprefix(mark)


def read_lines(file: Path) -> list[str]:
    """Return the lines of a UTF-8 text file; a missing file has none.

    Raises:
        InputError: it is in another encoding, or a link to nothing.
    """
    if not is_file(file):
        return []
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file}: {SAVE_IT}") from None
    if "\0" in text:  # UTF-16 without a byte order mark may pass as UTF-8
        raise InputError(f"{file}: {SAVE_IT}")
    return text.splitlines()
