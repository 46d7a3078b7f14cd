"""Files of a store that an earlier run has made, to be taken over where nothing has changed."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.data.pixel_store import Shard, digest_path, read_digests
from pipeline.errors import InputError


class EarlierShards:
    """The files of stores called `name` in some folders, known by what they are made from."""

    def __init__(self, folders: Iterable[Path], name: str):
        self.files = [file for folder in folders for file in shards_in(folder, name)]
        self._by_origin = {origin: file for file in self.files if (origin := _origin(file))}

    @property
    def size(self) -> int:
        """Bytes of all that can be taken over."""
        return sum(file.stat().st_size for file in self._by_origin.values())

    def take(self, made_from: bytes, target: Path) -> bool:
        """Let `target` be the file that is made from this, if there is one and it is whole.

        It becomes a second name of the same bytes, so it takes no time and no room.
        """
        file = self._by_origin.get(made_from)
        if file is None or not _is_whole(file, made_from):
            return False
        try:
            for source, name in ((digest_path(file), digest_path(target)), (file, target)):
                if source != name:
                    name.unlink(missing_ok=True)
                    os.link(source, name)
        except OSError:  # another disk, or one that knows no such names
            return False
        return True


def shards_in(folder: Path, name: str) -> list[Path]:
    """Return the files of a store called `name` that lie in a folder, whole or not."""
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
