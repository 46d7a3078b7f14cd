"""Finds the photos that a user names; without torch, so that a typo is reported at once."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import starmap
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.names import fault_of_name
from pipeline.inference.label_job import Waiting
from pipeline.inference.labels import Refusal
from pipeline.inference.s3_photos import find_in_s3, is_in_s3
from pipeline.photo_files import PHOTO_SUFFIXES, photos_below, visible_files

_PATTERN = frozenset("*?[")


def find_photos(places: Sequence[str]) -> list[Path]:
    """Return the photos that are named, and those in the folders that are named or below them.

    Args:
        places: files, which count as photos whatever their names end in; folders; patterns such as
            `photos/*.jpg` (`**` for any folders) of both; and `@LIST`, a file with one of these a
            line.

    Returns:
        each photo once, in the order of the places, within a folder sorted.

    Raises:
        InputError: a place is not there, or a folder has no photo in it.
    """
    found: dict[Path, Path] = {}  # by where links lead
    for place in _expanded(places):
        for photo in _photos_at(place):
            found.setdefault(photo.resolve(), photo)
    return list(found.values())


def common_folder(places: Sequence[str]) -> Path:
    """Return the innermost folder that has all of these files and folders in it.

    A folder alone is its own; the path is relative where all places are given so, without `..`.
    """
    folders = [place if place.is_dir() else place.parent for place in _expanded(places)]
    relative = not any(folder.is_absolute() or ".." in folder.parts for folder in folders)
    common = os.path.commonpath([os.path.abspath(folder) for folder in folders])
    return Path(os.path.relpath(common)) if relative else Path(common)


def passed_over(places: Sequence[str], own: Iterable[Path] = ()) -> int:
    """Return how many files in the folders that are named, or below them, `find_photos` leaves out.

    They are no photos, or links to a photo that is found already. Hidden files do not count, nor
    what Macs and notebooks leave behind.

    Args:
        places: see `find_photos`.
        own: files and folders that do not count either, as we have written them.
    """
    folders = [place for place in _expanded(places) if place.is_dir()]
    below = (file for folder in folders for file in visible_files(folder) if file.is_file())
    ours = set(map(_absolute, own))
    files = {file for file in map(_absolute, below) if not ours & {file, *file.parents}}
    photos = find_photos(places)
    found = {_absolute(photo) for photo in photos}
    real = {photo.resolve() for photo in photos}  # a photo may be found by a link to its folder
    return sum(file.is_symlink() or file.resolve() not in real for file in files - found)


def _absolute(file: Path) -> Path:
    return Path(os.path.abspath(file))


def with_names(
    photos: Sequence[Path], folder: Path
) -> tuple[list[tuple[str, Path]], list[Refusal]]:
    """Return each photo with its name below a folder, and those whose names no file can hold."""
    named, refused = [], []
    for photo in photos:
        name = Path(os.path.relpath(photo, folder)).as_posix()
        if fault := fault_of_name(name):
            shown = os.fsencode(name).decode(errors="backslashreplace")
            refused.append(Refusal(shown, f"its name {fault}"))
        else:
            named.append((name, photo))
    return named, refused


def named_photos(places: Sequence[str]) -> tuple[list[Waiting], list[Refusal], Path | str]:
    """Return the photos at these places, those whose names no file can hold, and their folder.

    The folder is an address where the place is in S3.

    Raises:
        InputError: see `find_photos` and `find_in_s3`.
    """
    if not any(map(is_in_s3, places)):
        folder = common_folder(places)
        named, unnamed = with_names(find_photos(places), folder)
        return list(starmap(Waiting.of, named)), unnamed, folder
    if len(places) > 1:
        raise InputError(f"{places[0]}: photos in S3 are labelled alone; name one prefix")
    found = find_in_s3(places[0])
    faults = {name: fault_of_name(name) for name in found}
    unnamed = [Refusal(name, f"its name {fault}") for name, fault in faults.items() if fault]
    photos = [Waiting.of(name, photo) for name, photo in found.items() if not faults[name]]
    return photos, unnamed, places[0].rstrip("/")


def _expanded(places: Sequence[str]) -> Iterator[Path]:
    for place in places:
        if place.startswith("@") and not Path(place).exists():
            lines = _lines(Path(place[1:]))
            for line in lines:
                if line.startswith("@") and not Path(line).exists():
                    raise InputError(f"{place[1:]}: {line}: no such file; a list names no lists")
            yield from _expanded(lines)
        elif _PATTERN & set(place) and not Path(place).exists():
            named = map(Path, sorted(glob.glob(place, recursive=True)))
            matches = [one for one in named if one.is_file() or photos_below(one)]
            if not matches:
                raise InputError(f"{place}: no photo is named so; correct the pattern")
            yield from matches
        else:
            yield Path(place)


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}); give a list of photos") from None
    return [line.strip() for line in lines if line.strip()]


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
