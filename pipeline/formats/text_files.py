"""Opens small files of text."""

from pathlib import Path

from pipeline.errors import InputError

_BEGINNING = 4096
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # of UTF-8 and UTF-16
SAVE_IT = "not text in UTF-8; save it as UTF-8"


def beginning_of(file: Path, size: int = _BEGINNING) -> bytes:
    """Return the first bytes of a file as UTF-8 would have them, to recognise it by.

    The byte order mark goes, and so do the zeros that UTF-16 has beside each plain letter: what
    reads the file then names its encoding, instead of nobody knowing the file.
    """
    with file.open("rb") as opened:
        text = opened.read(size).replace(b"\0", b"")
    mark = next((mark for mark in _MARKS if text.startswith(mark)), b"")
    return text.removeprefix(mark)


def read_lines(file: Path) -> list[str]:
    """Return the lines of a text in UTF-8; a file that is absent has none.

    Raises:
        InputError: it is in another encoding.
    """
    if not file.is_file():
        return []
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file}: {SAVE_IT}") from None
    if "\0" in text:  # UTF-16 without its mark passes for UTF-8
        raise InputError(f"{file}: {SAVE_IT}")
    return text.splitlines()
