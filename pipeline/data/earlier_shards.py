"""Reuses files of an earlier pixel store where nothing has changed."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.data.pixel_store import Shard, digest_path, read_digests
from pipeline.errors import InputError


class EarlierShards:
    """The files of stores called `name` in some folders, found by what they were made from."""

    def __init__(self, folders: Iterable[Path], name: str):
        self.files = [file for folder in folders for file in shards_in(folder, name)]
        self._by_origin = {origin: file for file in self.files if (origin := _origin(file))}

    @property
    def size(self) -> int:
        """Total size in bytes of the files that can be reused."""
        return sum(file.stat().st_size for file in self._by_origin.values())

    def take(self, made_from: bytes, target: Path) -> bool:
        """Link `target` to an intact file made from this; return whether that was possible.

        A hard link takes neither time nor space.
        """
        file = self._by_origin.get(made_from)
        if file is None or not _is_whole(file, made_from):
            return False
        try:
            for source, name in ((digest_path(file), digest_path(target)), (file, target)):
                if source != name:
                    name.unlink(missing_ok=True)
                    os.link(source, name)
        except OSError:  # another disk, or a file system without hard links
            return False
        return True


def shards_in(folder: Path, name: str) -> list[Path]:
    """Return the files in a folder that belong to a store called `name`, intact or not."""
    stem, dot, suffix = name.rpartition(".")
    pattern = re.compile(rf"{re.escape(stem)}(-\d+-of-\d+)?{re.escape(dot + suffix)}")
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if pattern.fullmatch(file.name))


def _origin(file: Path) -> bytes | None:
    try:
        return read_digests(file)[0]
    except InputError:
        return None


def _is_whole(file: Path, made_from: bytes) -> bool:
    try:
        shard = Shard(file)
        shard.check()
    except InputError:
        return False
    return shard.made_from == made_from
