"""Loads files of `torch.save` without running code from them, after checking their checksums."""

import zipfile
from pathlib import Path

import torch

_MOST_SHARE = 2  # size of all parts over that of the file; torch does not compress them


def load_torch_file(path: Path) -> object:
    """Return the tensors and plain values of a file, on the CPU.

    Raises:
        Exception: of any type; it is damaged, or has more in it than tensors and plain values.
    """
    if zipfile.is_zipfile(path):  # older files are not archives, and have no checksums
        check_parts(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def check_parts(path: Path) -> None:
    """Check every part of an archive against its CRC-32, which torch itself does not.

    Raises:
        Exception: of any type; it is not an archive, or it is damaged.
    """
    with zipfile.ZipFile(path) as parts:
        if sum(part.file_size for part in parts.infolist()) > _MOST_SHARE * path.stat().st_size:
            raise ValueError("its parts are larger than the file")
        if damaged := parts.testzip():
            raise ValueError(f"the checksum of {damaged} does not match")
