"""Turns the dozens of exceptions that readers of damaged files raise into one line."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError

# Not every errno: a reader that seeks before the start of a truncated file raises OSError, too.
_OF_THE_SYSTEM = (
    *(errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR),
    *(errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE),
)
_MOST_CHARACTERS = 200


@contextmanager
def naming_damage(path: Path, kind: str, remedy: str) -> Iterator[None]:
    """Turn errors of a block that reads a binary file (Parquet, arrays, weights) into one line.

    Args:
        path: of the file, for the message.
        kind: what the file should be, for the message.
        remedy: what to do about it, for the message.

    Raises:
        InputError: the block failed. Errors of the system, such as a missing file, pass through
            unchanged.
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
