"""Finds the photos that a user names; without torch, so that a typo is reported at once."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.photo_files import PHOTO_SUFFIXES, photos_below


def find_photos(places: Sequence[Path]) -> list[Path]:
    """Return the photos that are named, and those in the folders that are named or below them.

    Args:
        places: files, which count as photos whatever their names end in, and folders.

    Returns:
        each photo once, in the order of the places, within a folder sorted.

    Raises:
        InputError: a place is not there, or a folder has no photo in it.
    """
    return list(dict.fromkeys(path for place in places for path in _photos_at(place)))


def common_folder(places: Sequence[Path]) -> Path:
    """Return the innermost folder that has all of these files and folders in it.

    A folder alone is its own; the path is relative where all places are given so.
    """
    folders = [place if place.is_dir() else place.parent for place in places]
    if len({folder.is_absolute() for folder in folders}) > 1:
        folders = [folder.absolute() for folder in folders]
    return Path(os.path.commonpath(folders))


def _photos_at(place: Path) -> Iterable[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise InputError(f"{place}: no such file or folder; name photos or folders with photos")
    found = photos_below(place)
    if not found:
        kinds = ", ".join(sorted(PHOTO_SUFFIXES))
        raise InputError(f"{place}: no photo in it; it needs files that end in one of {kinds}")
    return found
