"""Finds photos that labels name by paths of another machine."""

import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path, PurePosixPath

from pipeline.errors import listed
from pipeline.formats.same_photo import folders_of, is_folder_of_split, may_be_same
from pipeline.formats.split_names import split_in_path, split_of_path
from pipeline.photo_files import photos_below

USUAL_FOLDERS = ("images/", "photos/", "JPEGImages/")  # of the photos of a set
_USUAL = {".", *(folder.rstrip("/") for folder in USUAL_FOLDERS)}
_SHOWN = 3


class PhotoNames:
    """The photos below a folder, by their paths in it."""

    def __init__(self, folder: Path) -> None:
        """Scan the folder once."""
        self.names = [photo.relative_to(folder).as_posix() for photo in photos_below(folder)]
        self._known = frozenset(self.names)
        self._by_last_name: dict[str, None] = {}  # paths, in their order

    @cached_property
    def folders(self) -> frozenset[str]:
        """The paths of all folders with photos in or below them; the folder itself is `.`."""
        places = {PurePosixPath(name).parent for name in self.names}
        return frozenset(str(folder) for place in places for folder in (place, *place.parents))

    @cached_property
    def _folder_names(self) -> frozenset[str]:
        return folders_of(self.names)

    @cached_property
    def _of_splits(self) -> dict[str, tuple[set[str], set[str]]]:
        """The folders of each split: those named exactly like it, and others that mention it."""
        found: dict[str, tuple[set[str], set[str]]] = {}
        for folder in self.folders:
            if split := split_in_path(PurePosixPath(folder)):
                own, others = found.setdefault(split, (set(), set()))
                (own if is_folder_of_split(folder) else others).add(folder)
        return found

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return self._index(lambda path: path.name)

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return self._index(lambda path: path.stem)

    def _index(self, key_of: Callable[[PurePosixPath], str]) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for name in self.names:
            index.setdefault(key_of(PurePosixPath(name)), []).append(name)
        return index

    def __contains__(self, name: str) -> bool:
        """Return whether a photo has this path."""
        return name in self._known

    def all_with_stem(self, path: str) -> list[str]:
        """Return the photos with this path but for its ending."""
        fits = self._by_stem.get(PurePosixPath(path).name, [])
        return [name for name in fits if _without_ending(name) == path]

    def all_in_like_folders(self, path: str) -> list[str]:
        """Return the photos whose path ends like this one, but for the ending of their name.

        `images/day1/a.jpg` does for `json/day1/a`. The longest end counts that any has, with one
        folder at least; as in `find`, not where the path names a folder of the set besides.
        """
        parts = path.split("/")
        fits = [name for name in self._by_stem.get(parts[-1], ()) if self.may_be(name, f"/{path}")]
        for start in range(1, len(parts) - 1):
            end = "/" + "/".join(parts[start:])
            if alike := [name for name in fits if _without_ending(f"/{name}").endswith(end)]:
                return alike
        return []

    def find(self, path: str) -> str | None:
        r"""Return the photo that a path means, None if none or several fit.

        Of `C:\sets\cats\a.jpg` or `/home/eve/cats/a.jpg` the longest tail that is a photo below
        the folder is taken, else the only photo with that name in any folder below, else the only
        one with that stem, as Open Images has no suffixes. None is taken if the path names a folder
        of the set that the photo is not in; see `may_be_same`.
        """
        photo, by_last_name = self._candidate(path)
        if photo is None or not self.may_be(photo, path):
            return None
        if by_last_name and re.search(r"[/\\]", path):
            self._by_last_name[path] = None
        return photo

    def may_be(self, photo: str, path: str) -> bool:
        """Return whether a photo may be the one that a path means; see `may_be_same`."""
        return may_be_same(path, photo, self._folder_names)

    def of_split(self, path: str, split: str | None) -> str:
        """Return the path of a photo of a split, with the folder of the split if the set has one.

        A folder named exactly like the split, perhaps with `images` in it, is tried first, then the
        path as it is and the usual folders of photos, then other folders with the split in their
        name, such as `train/masks` or `depth_train`. If several hold the photo, the path is left as
        it is, so that the search finds them all.

        If only folders of another split have the photo, the split is put before the path, so that
        the other photo is not used instead.
        """
        own, others = self._of_splits.get(split or "", (set[str](), set[str]()))
        places = self._folders_with(path)
        for folders in (own, _USUAL, others):
            if held := places & folders:
                is_told = len(held) == 1 and folders is not _USUAL
                return f"{held.pop()}/{path}" if is_told else path
        return self._marked_missing(path, split) if own or others else path

    def _folders_with(self, path: str) -> set[str]:
        """Return the folders below which a photo has this path."""
        found = {"."} if path in self._known else set()
        name = re.split(r"[/\\]", path)[-1]
        ending = f"/{path}"
        fits = self._by_name.get(name, ())
        return found | {fit.removesuffix(ending) for fit in fits if fit.endswith(ending)}

    def _marked_missing(self, path: str, split: str | None) -> str:
        nearest, _ = self._candidate(path)
        there = split_of_path(PurePosixPath(nearest)) if nearest else None
        says = split_of_path(PurePosixPath(path.replace("\\", "/")))
        return path if says or there in (None, split) else f"{split}/{path}"

    def notes(self) -> list[str]:
        """Return a note of how many photos were found by their names alone, if any."""
        paths = list(self._by_last_name)
        if not paths:
            return []
        what = "photos found by their names alone, in other folders"
        return [f"{what}: {len(paths)} ({listed(paths, _SHOWN)})"]

    def hint(self, path: str) -> str:
        """Return, for a message, the photo of the same name in another folder."""
        photo, _ = self._candidate(path)
        return f" (the nearest is {photo!r})" if photo else ""

    def _candidate(self, path: str) -> tuple[str | None, bool]:
        """Return the photo that matches the end of a path, and whether only its last part does."""
        parts = [part for part in re.split(r"[/\\]", path) if part not in ("", ".", "..")]
        ends = ("/".join(parts[start:]) for start in range(len(parts)))
        if found := next((end for end in ends if end in self._known), None):
            return found, False
        name = parts[-1] if parts else ""
        fits = self._by_name.get(name) or self._by_stem.get(name) or []
        return (fits[0] if len(fits) == 1 else None), True


def _without_ending(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))
