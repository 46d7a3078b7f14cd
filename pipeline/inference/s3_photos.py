"""Photos in S3, which is only read: listed by a prefix, fetched one by one as they are needed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pipeline.errors import InputError
from pipeline.photo_files import is_hidden, is_photo

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

_SCHEME = "s3://"


@dataclass(frozen=True)
class S3Photo:
    """A photo in S3.

    Attributes:
        place: bucket and key.
        size: in bytes.
        modified: in nanoseconds.
    """

    place: str
    size: int
    modified: int

    def __str__(self) -> str:
        return _SCHEME + self.place

    @contextmanager
    def fetched(self) -> Iterator[Path]:
        """Yield a copy of the photo, which exists as long as the block runs.

        Raises:
            InputError: it is gone, or the block raises one about the copy.
            OSError: S3 does not respond; labelling then stops, as the photo itself may be fine.
        """
        with tempfile.NamedTemporaryFile(prefix="ladder-photo-") as file:
            try:
                with _store().open_input_file(self.place) as content:
                    file.write(content.read())
            except FileNotFoundError:
                raise InputError(f"{self}: photo: no such file; add it, or leave it out") from None
            file.flush()
            try:
                yield Path(file.name)
            except InputError as error:
                raise error.reworded(lambda words: words.replace(file.name, str(self))) from None


def is_in_s3(place: str) -> bool:
    """Return whether a place is one in S3, as opposed to a file or folder."""
    return place.startswith(_SCHEME)


def s3_photo(address: str, size: int, modified: int) -> S3Photo:
    """Return the photo at an address, as `str(photo)` gives it."""
    path = address.removeprefix(_SCHEME).lstrip("/")  # of s3:///bucket, too
    return S3Photo(path, size, modified)


def find_in_s3(address: str) -> dict[str, S3Photo]:
    """Return the photos below a prefix by their names relative to it, sorted.

    Hidden files and folders are left out, as in a folder.

    Args:
        address: `s3://BUCKET/PREFIX`. Credentials, region and server come from the environment:
            `AWS_ACCESS_KEY_ID`, `AWS_PROFILE`, `AWS_REGION`, `AWS_ENDPOINT_URL` and so on.

    Raises:
        InputError: there is no such place, it may not be read, or it has no photo.
    """
    from pyarrow.fs import FileSelector, FileType

    prefix = address.removeprefix(_SCHEME).strip("/")
    try:
        below = _store().get_file_info(FileSelector(prefix, recursive=True))
    except OSError as error:
        reason = str(error).partition(" (Request ID")[0]
        raise InputError(
            f"{address}: cannot be listed ({reason}); check bucket, prefix and credentials"
        ) from None
    files = {one.path[len(prefix) + 1 :]: one for one in below if one.type == FileType.File}
    photos = {
        name: S3Photo(files[name].path, files[name].size, files[name].mtime_ns)
        for name in sorted(files)
        if is_photo(Path(name)) and not any(map(is_hidden, PurePosixPath(name).parts))
    }
    if not photos:
        raise InputError(f"{address}: no photo below it; give the prefix of some")
    return photos


def _store() -> "S3FileSystem":
    return _store_at(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))


@cache
def _store_at(server: str | None) -> "S3FileSystem":
    from pyarrow.fs import S3FileSystem

    return S3FileSystem(endpoint_override=server)
