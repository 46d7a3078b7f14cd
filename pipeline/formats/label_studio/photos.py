"""Finds the photo that a task of Label Studio names by an address."""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pipeline.formats.photo_names import PhotoNames
from pipeline.photo_files import is_photo

# What Label Studio puts before the names of uploaded files.
_UPLOAD = re.compile(r"^[0-9a-f]{8}-")
# `s3://bucket/`, `gs://bucket/` and other schemes that are not the web's.
_BUCKET = re.compile(r"(?!https?:|file:)[a-z][\w+.-]*://[^/]*/(.*)", re.I | re.S)


def photo_of_address(address: str, photos: PhotoNames) -> str:
    """Return the photo that an address means, as a path below the folder of photos.

    Addresses may be of local files (`/data/local-files/?d=cats/a.jpg`), uploads
    (`/data/upload/1/0123abcd-a.jpg`), buckets (`s3://bucket/cats/a.jpg`) or the web. An upload is
    first searched under its full name, then without the eight digits. A photo that is not found
    keeps the path of its address, and a later search reports it as missing.
    """
    path = path_of_address(address)
    if not _is_local(address) and "/" in path:
        path = f"/{path}"  # its folders are those of another machine
    folder, _, name = path.rpartition("/")
    without = _UPLOAD.sub("", name)
    found = photos.find(path) or photos.find(f"{folder}/{without}")
    return found or (f"{folder}/{without}" if folder else without)


def _is_local(address: str) -> bool:
    return "d" in parse_qs(_parts_of(address).query)


def path_of_address(address: str) -> str:
    """Return the path in an address, without the server, the bucket or `local-files`.

    >>> path_of_address("/data/local-files/?d=cats/a%20b.jpg")
    'cats/a b.jpg'
    """
    if re.match(r"[A-Za-z]:\\", address):  # a Windows drive, not a scheme
        return PurePosixPath(address.replace("\\", "/")).as_posix()
    if in_bucket := _BUCKET.match(address):  # where # and ? belong to the name
        return unquote(in_bucket[1])
    parts = _parts_of(address)
    local = parse_qs(parts.query).get("d")
    return local[0] if local else unquote(parts.path).lstrip("/")


def _parts_of(address: str) -> SplitResult:
    """Split an address; what follows a # is a fragment only after the name of a photo.

    Tools do not escape a # in names, and a name cut off there could be that of another photo.
    """
    before = address.partition("#")[0]
    is_fragment = is_photo(Path(urlsplit(before).path)) and not is_photo(Path(address))
    return urlsplit(address, allow_fragments=is_fragment)
