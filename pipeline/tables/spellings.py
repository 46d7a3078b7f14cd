"""Matches names of photos with files that are spelled differently."""

import re
import unicodedata
from collections.abc import Callable, Collection
from difflib import get_close_matches
from urllib.parse import unquote

from pipeline.formats.names import without_case
from pipeline.formats.same_photo import common_end, folders_of, may_be_same

_ODD_PARTS = ("", ".", "..")


class Spellings:
    """Looks up photos by names that other machines and tools wrote."""

    def __init__(self, files: Collection[str]) -> None:
        """Take the paths of all photos below one folder."""
        self._files = sorted(files)
        self._folders = folders_of(self._files)
        self._by_last = [self._index(spell) for spell in _SPELLINGS]

    def _index(self, spell: Callable[[str], str]) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for file in self._files:
            index.setdefault(spell(file).rpartition("/")[2], []).append(file)
        return index

    def find(self, name: str) -> list[str]:
        """Return the files that the name may mean.

        Backslashes, `%20`, the two spellings of an accent and folders above the set are ignored; if
        nothing fits, so is case. Of files with the same last part, those match that share the most
        folders with the name, but never one in another folder of the set than the name says.
        """
        for spell, index in zip(_SPELLINGS, self._by_last, strict=True):
            wanted = spell(_from_elsewhere(name)).split("/")
            fits = index.get(wanted[-1], [])
            if fits:
                agree = [common_end(wanted, spell(file).split("/")) for file in fits]
                most = [file for file, a in zip(fits, agree, strict=True) if a == max(agree)]
                return [file for file in most if may_be_same(name, file, self._folders)]
        return []

    def nearest(self, name: str) -> str | None:
        """Return the file whose last part is most similar to the name's, None if none is close."""
        last = _composed(_from_elsewhere(name)).rpartition("/")[2]
        known = self._by_last[0]
        close = get_close_matches(last, known, n=1)
        return known[close[0]][0] if close else None


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)


_SPELLINGS = (_composed, without_case)


def _from_elsewhere(name: str) -> str:
    """Return the path meant by a name with backslashes, URL escapes or `..`."""
    parts = re.split(r"[/\\]", unquote(name))
    return "/".join(part for part in parts if part not in _ODD_PARTS)
