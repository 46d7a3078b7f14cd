"""The SHA-256 of an exported file, in the file itself: of all its bytes with zeros for the digest.

Checked before any runtime reads the file, whose readers of damaged ones can end the process.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError

NO_DIGEST = {"sha256": "0" * 64}  # in the metadata until the digest is known
_PLACE = re.compile(rb"sha256[^0-9]{1,20}?([0-9a-f]{64})")


def write_digest(path: Path, beside: Sequence[Path] = ()) -> None:
    """Put the digest of a file and of those beside it into its metadata, which has `NO_DIGEST`."""
    content = path.read_bytes()
    place = _PLACE.search(content)
    assert place is not None
    start, end = place.span(1)
    digest = _digest(content, beside).encode()
    path.write_bytes(content[:start] + digest + content[end:])


def check_digest(path: Path, beside: Sequence[Path] = ()) -> None:
    """Check a file that has its digest in it; one without is taken as it is.

    Raises:
        InputError: it is not as it was written.
    """
    content = path.read_bytes()
    place = _PLACE.search(content)
    if place is None:
        return
    start, end = place.span(1)
    if _digest(content[:start] + b"0" * 64 + content[end:], beside) != place[1].decode():
        names = " and ".join(file.name for file in (path, *beside))
        raise InputError(f"{path}: {names} damaged, the SHA-256 is another; export it again")


def _digest(content: bytes, beside: Sequence[Path]) -> str:
    digest = hashlib.sha256(content)
    for file in beside:
        digest.update(file.read_bytes())
    return digest.hexdigest()
