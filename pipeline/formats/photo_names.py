"""Finds the photos that labels name by paths of another machine."""

import re
from pathlib import Path, PurePosixPath

from pipeline.photo_files import photos_below


class PhotoNames:
    """The photos below a folder, each by its path in it."""

    def __init__(self, folder: Path) -> None:
        """Look through the folder once."""
        self.names = [photo.relative_to(folder).as_posix() for photo in photos_below(folder)]
        self._known = frozenset(self.names)
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
        one with that name before its ending, as Open Images has it.
        """
        parts = [part for part in re.split(r"[/\\]", path) if part not in ("", ".", "..")]
        ends = ("/".join(parts[start:]) for start in range(len(parts)))
        if found := next((end for end in ends if end in self._known), None):
            return found
        name = parts[-1] if parts else ""
        fits = self._by_name.get(name) or self._by_stem.get(name) or []
        return fits[0] if len(fits) == 1 else None
