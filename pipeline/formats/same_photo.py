"""Decides whether a photo with the right name is the one that labels mean."""

import re
from collections.abc import Collection, Iterable, Sequence
from urllib.parse import unquote

from pipeline.formats.names import without_case
from pipeline.formats.split_names import plain_split, split_of_name

# Folder names that say only what kind of files they hold.
_KINDS = frozenset(
    "annotations ann labels json jpegimages images image imgs img photos photo".split()
)
# A root, a drive or a scheme: the path is from another machine or the web.
_ELSEWHERE = re.compile(r"^[/\\]|//|(^|[/\\])[A-Za-z][\w+.-]*:")


def may_be_same(named: str, photo: str, folders: Collection[str]) -> bool:
    """Return whether a photo may be the one that labels name, given that both paths end alike.

    Folders before the common end do not matter, as they differ between machines. But if the labels
    name a folder of this set there, or another split, the photo should be in that one: then it is
    missing, and this is another photo of the same name. The same holds if a path that starts in the
    set names other folders.

    Args:
        named: the path in the labels.
        photo: the path below the folder of photos.
        folders: the names of the folders of photos; see `folders_of`.
    """
    wanted, there = _folders(named), _folders(photo)
    common = common_end(wanted, there)
    lost, other = wanted[: len(wanted) - common], there[: len(there) - common]
    if (set(lost) & set(folders)) - set(there):
        return False
    if _splits(lost) and _splits(other) and _splits(lost) != _splits(other):
        return False
    return not (lost and other) or bool(_ELSEWHERE.search(named))


def folders_of(photos: Iterable[str]) -> frozenset[str]:
    """Return the names of all folders in the paths of photos, for `may_be_same`."""
    places = {photo.rpartition("/")[0] for photo in photos}
    return frozenset(name for place in places for name in _folders(f"{place}/"))


def is_folder_of_split(folder: str) -> bool:
    """Return whether a folder is named exactly like a split, as `train` or `train/images`."""
    return bool(_splits(_folders(f"{folder}/")[-1:]))


def common_end(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many parts at the end are equal."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _folders(path: str) -> list[str]:
    """Return the folders of a path without those that only name a kind of files."""
    parts = re.split(r"[/\\]", without_case(unquote(path)))[:-1]
    return [plain_split(part) for part in parts if part not in _KINDS | {"", ".", ".."}]


def _splits(folders: Iterable[str]) -> set[str]:
    return {folder for folder in folders if split_of_name(folder)}
