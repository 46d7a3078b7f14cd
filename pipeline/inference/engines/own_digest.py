"""The SHA-256 of an exported file, stored in the file itself and computed with zeros in its place.

It is checked before any runtime reads the file, since runtimes can crash on a damaged file.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError

NO_DIGEST = {"sha256": "0" * 64}  # in the metadata until the digest is known
_PLACE = re.compile(rb"sha256[^0-9]{1,20}?([0-9a-f]{64})")


def write_digest(path: Path, beside: Sequence[Path] = ()) -> None:
    """Replace `NO_DIGEST` in a file's metadata by the digest of it and the files beside it."""
    content = path.read_bytes()
    place = _PLACE.search(content)
    assert place is not None
    start, end = place.span(1)
    digest = _digest(content, beside).encode()
    path.write_bytes(content[:start] + digest + content[end:])


def check_digest(path: Path, beside: Sequence[Path] = ()) -> None:
    """Check a file against the digest in it; one without a digest passes.

    Raises:
        InputError: it has changed since it was written.
    """
    content = path.read_bytes()
    place = _PLACE.search(content)
    if place is None:
        return
    start, end = place.span(1)
    if _digest(content[:start] + b"0" * 64 + content[end:], beside) != place[1].decode():
        names = " and ".join(file.name for file in (path, *beside))
        raise InputError(f"{path}: {names} damaged, the SHA-256 does not match; export it again")


def _digest(content: bytes, beside: Sequence[Path]) -> str:
    digest = hashlib.sha256(content)
    for file in beside:
        digest.update(file.read_bytes())
    return digest.hexdigest()
