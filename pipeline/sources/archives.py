"""Fetches the official VOC archives: pinned by hash, resumable, safely unpacked."""

import http.client
import os
import platform
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import InputError
from pipeline.files import sha256_of
from pipeline.progress import progress
from pipeline.reading.damage import naming_damage

_BLOCK = 1 << 20
_TIMEOUT_S = 30.0
_HOSTS = ("http://host.robots.ox.ac.uk/pascal/VOC", "http://pjreddie.com/media/files")


@dataclass(frozen=True)
class Archive:
    """A file on the web: its URLs, tried in order, and its SHA-256."""

    urls: tuple[str, ...]
    sha256: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.urls[0].rsplit("/", 1)[-1]


def _official(year: str, name: str, sha256: str) -> Archive:
    return Archive((f"{_HOSTS[0]}/{year}/{name}", f"{_HOSTS[1]}/{name}"), sha256)


OFFICIAL: dict[str, tuple[Archive, ...]] = {
    "voc2007": (
        _official(
            "voc2007",
            "VOCtrainval_06-Nov-2007.tar",
            "7d8cd951101b0957ddfd7a530bdc8a94f06121cfc1e511bb5937e973020c7508",
        ),
        _official(
            "voc2007",
            "VOCtest_06-Nov-2007.tar",
            "6836888e2e01dca84577a849d339fa4f73e1e4f135d312430c4856b5609b4892",
        ),
    ),
    "voc2012": (
        _official(
            "voc2012",
            "VOCtrainval_11-May-2012.tar",
            "e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb",
        ),
    ),
}


def download_all(archives: Iterable[Archive], downloads: Path, unpacked: Path) -> None:
    """Download archives into `downloads`, where they stay, and unpack them into one folder."""
    for archive in archives:
        file = downloads / archive.name
        download(archive.urls, file, archive.sha256)
        unpack(file, unpacked)


def download(urls: Sequence[str], path: Path, sha256: str) -> None:
    """Download the file with this digest to `path`, from the first URL that delivers it.

    A file that exists and matches is kept. An interrupted download in `path.partial` is resumed if
    the server supports it; a complete file with a wrong digest is deleted.

    Args:
        urls: HTTP addresses of the same file.
        path: where to save it; its folder is created.
        sha256: the digest in hexadecimal.

    Raises:
        InputError: no URL delivered it, or the file has another digest.
    """
    if path.is_file() and sha256_of(path) == sha256:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    faults = []
    for url in urls:
        try:
            _continue_download(url, partial)
        except (OSError, http.client.HTTPException, ValueError) as error:
            faults.append(f"{url} ({error})")
            continue
        found = sha256_of(partial)
        if found == sha256:
            os.replace(partial, path)
            return
        partial.unlink()
        faults.append(f"{url} (SHA-256 is {found[:12]}..., expected {sha256[:12]}...)")
    raise InputError(
        f"{path}: download failed: {'; '.join(faults)}; run again to resume, or put the file there"
    )


def _continue_download(url: str, partial: Path) -> None:
    """Append to `partial` the missing part of the file at `url`, or all if the server must.

    Raises:
        OSError: the connection failed or ended early.
    """
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing is left; the digest shows whether it is complete
            return
        raise
    with response, partial.open("ab" if response.status == 206 else "wb") as file:
        length = response.headers.get("Content-Length")
        blocks = -(-int(length) // _BLOCK) if length else None
        for block in progress(_blocks(response), total=blocks, desc=partial.stem, unit="MiB"):
            file.write(block)
        if length and file.tell() < int(length) + (have if response.status == 206 else 0):
            raise OSError("the connection ended early")


def _blocks(response: BinaryIO) -> Iterator[bytes]:
    while block := response.read(_BLOCK):
        yield block


def unpack(archive: Path, folder: Path, *, replace: bool = True) -> None:
    """Unpack a tar file into `folder`, which is created.

    Args:
        archive: the file.
        folder: where to.
        replace: whether to overwrite existing files; else they are an error.

    Raises:
        InputError: it is not a plain tar file, is truncated, or has a member that would leave the
            folder or be larger than the file; or this Python cannot check that.
    """
    # The filter came with 3.11.4; some distributions have backported it.
    if not hasattr(tarfile, "data_filter"):
        problem = f"Python {platform.python_version()} cannot unpack it safely"
        raise InputError(f"{archive}: {problem}; make .venv with 3.11.4 or newer")
    folder.mkdir(parents=True, exist_ok=True)
    with naming_damage(archive, "a whole tar file", "fetch it again"):
        try:
            # Only uncompressed, so that it cannot expand to more than its own size.
            with tarfile.open(archive, "r:", errorlevel=2) as tar:
                for member in progress(tar, desc=f"unpacking {archive.name}", unit="files"):
                    if member.sparse is not None:
                        raise ValueError(f"{member.name!r} is a sparse file")
                    target = folder / member.name.lstrip("/")  # as the filter below unpacks it
                    if not replace and not member.isdir() and os.path.lexists(target):
                        problem = f"{member.name!r} occurs twice, or is in another archive, too"
                        raise InputError(f"{archive}: {problem}; give one of them another name")
                    # PEP 706: the filter refuses absolute paths, "..", links outwards and devices.
                    tar.extract(member, folder, filter="data")
                _check_end(archive, tar.offset)
        except tarfile.FilterError as error:
            raise InputError(f"{archive}: {error}; do not use this archive") from None


def _check_end(archive: Path, end: int) -> None:
    """Check that zeros follow the last member, as in every complete tar file.

    `tarfile` stops at a damaged or truncated header as if it were the end.

    Raises:
        ValueError: something else, or nothing, follows.
    """
    with archive.open("rb") as file:
        file.seek(end)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise ValueError(f"no member and no end at byte {end}")
        if any(any(block) for block in _blocks(file)):
            raise ValueError(f"continues after its end at byte {end}")
