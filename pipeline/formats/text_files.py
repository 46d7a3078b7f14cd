"""Opens small files of text."""

from pathlib import Path

from pipeline.errors import InputError


def read_lines(file: Path) -> list[str]:
    """Return the lines of a text in UTF-8; a file that is absent has none.

    Raises:
        InputError: it is in another encoding.
    """
    if not file.is_file():
        return []
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{file}: not text in UTF-8; save it again") from None
