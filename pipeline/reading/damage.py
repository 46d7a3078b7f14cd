"""Turns what readers of damaged files raise, dozens of types, into one line."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError

# Not all numbers: what seeks before the beginning of a file that is cut off gets one, too.
_OF_THE_SYSTEM = (
    *(errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR),
    *(errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE),
)
_MOST_CHARACTERS = 200


@contextmanager
def naming_damage(path: Path, kind: str, remedy: str) -> Iterator[None]:
    """Let a block read a file that is no text of ours, such as Parquet, arrays or weights.

    Args:
        path: of the file, for the message.
        kind: what the file should be, for the message.
        remedy: what to do.

    Raises:
        InputError: the block failed. What the system says of the file, such as that it is not
            there, comes through as it is.
    """
    try:
        yield
    except (InputError, FileNotFoundError):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _OF_THE_SYSTEM:
            raise
        words = " ".join(str(error).split())[:_MOST_CHARACTERS] or type(error).__name__
        raise InputError(f"{path}: not {kind}, or damaged ({words}); {remedy}") from None
