"""Finds the photos that labels name by paths of another machine."""

import re
from pathlib import Path, PurePosixPath

from pipeline.formats.same_photo import folders_of, may_be_same
from pipeline.photo_files import photos_below

_SHOWN = 3


class PhotoNames:
    """The photos below a folder, each by its path in it.

    `folders` are the paths of all folders with photos in them or below; that folder is `.`.
    """

    def __init__(self, folder: Path) -> None:
        """Look through the folder once."""
        self.names = [photo.relative_to(folder).as_posix() for photo in photos_below(folder)]
        self._known = frozenset(self.names)
        self._folders = folders_of(self.names)
        self.folders = frozenset(
            str(folder) for name in self.names for folder in PurePosixPath(name).parents
        )
        self._by_last_name: dict[str, None] = {}  # paths, in their order
        self._by_name: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for name in self.names:
            path = PurePosixPath(name)
            self._by_name.setdefault(path.name, []).append(name)
            self._by_stem.setdefault(path.stem, []).append(name)

    def __contains__(self, name: str) -> bool:
        """Return whether a photo has this path."""
        return name in self._known

    def all_with_stem(self, path: str) -> list[str]:
        """Return the photos with this path but for its ending."""
        fits = self._by_stem.get(PurePosixPath(path).name, [])
        return [name for name in fits if str(PurePosixPath(name).with_suffix("")) == path]

    def find(self, path: str) -> str | None:
        r"""Return the photo that a path means, None if none or several fit.

        Of `C:\sets\cats\a.jpg` or `/home/eve/cats/a.jpg` the longest end that is a photo below
        the folder counts, then the only photo with that name in any folder below, then the only
        one with that name before its ending, as Open Images has it. None of them counts where the
        path names a folder of the set in which the photo is not; see `may_be_same`.
        """
        photo, by_last_name = self._candidate(path)
        if photo is None or not may_be_same(path, photo, self._folders):
            return None
        if by_last_name and re.search(r"[/\\]", path):
            self._by_last_name[path] = None
        return photo

    def notes(self) -> list[str]:
        """Return how many photos were found by no more than their names; nothing if none was."""
        paths = list(self._by_last_name)
        if not paths:
            return []
        shown = ", ".join([*paths[:_SHOWN], *["..."] * (len(paths) > _SHOWN)])
        return [f"photos found by their names alone, in other folders: {len(paths)} ({shown})"]

    def hint(self, path: str) -> str:
        """Return the photo in another folder that is called like a missing one, for a message."""
        photo, _ = self._candidate(path)
        return f" (the nearest is {photo!r})" if photo else ""

    def _candidate(self, path: str) -> tuple[str | None, bool]:
        """Return the photo that a path ends like, and whether its last part alone tells so."""
        parts = [part for part in re.split(r"[/\\]", path) if part not in ("", ".", "..")]
        ends = ("/".join(parts[start:]) for start in range(len(parts)))
        if found := next((end for end in ends if end in self._known), None):
            return found, False
        name = parts[-1] if parts else ""
        fits = self._by_name.get(name) or self._by_stem.get(name) or []
        return (fits[0] if len(fits) == 1 else None), True
