"""Decides whether a photo that is called like one that labels name can be the one they mean."""

import re
from collections.abc import Collection, Iterable, Sequence
from urllib.parse import unquote

from pipeline.formats.names import without_case
from pipeline.formats.split_names import split_of_name

# Folders that say what kind of files they hold, and nothing of which photos.
_KINDS = frozenset(
    "annotations ann labels json jpegimages images image imgs img photos photo".split()
)
# A root, a drive or a scheme: the path is of another machine, or of the web.
_ELSEWHERE = re.compile(r"^[/\\]|//|(^|[/\\])[A-Za-z][\w+.-]*:")


def may_be_same(named: str, photo: str, folders: Collection[str]) -> bool:
    """Return whether a photo may be the one that labels name; both end alike.

    Folders before those that both have in common make no difference, as other machines have other
    ones. But where one of them is a folder of photos of this set, or says another split, the photo
    would lie there: it is missing, and this one is another of the same name. So it is where a path
    that begins in the set names other folders.

    Args:
        named: the path in the labels.
        photo: the path below the folder of photos.
        folders: of the photos there; see `folders_of`.
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
    """Return the names of all folders in the paths of photos, as `may_be_same` compares them."""
    places = {photo.rpartition("/")[0] for photo in photos}
    return frozenset(name for place in places for name in _folders(f"{place}/"))


def is_folder_of_split(folder: str) -> bool:
    """Return whether a folder holds just the photos of a split, as `train` or `train/images`."""
    return bool(_splits(_folders(f"{folder}/")[-1:]))


def common_end(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many parts at the end are the same."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _folders(path: str) -> list[str]:
    """Return the folders of a path without those that only say the kind of files."""
    parts = re.split(r"[/\\]", without_case(unquote(path)))[:-1]
    return [split_of_name(part) or part for part in parts if part not in _KINDS | {"", ".", ".."}]


def _splits(folders: Iterable[str]) -> set[str]:
    return {folder for folder in folders if split_of_name(folder)}
