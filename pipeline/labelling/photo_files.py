"""Finds the photos that a user names; without torch, so that a typo is reported at once."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.names import fault_of_path
from pipeline.inference.s3_photos import S3Photo, find_in_s3, is_in_s3
from pipeline.labelling.refusals import Refusal
from pipeline.labelling.waiting import State, WaitingPhotos, unchanged
from pipeline.photo_files import PHOTO_SUFFIXES, is_photo, visible_files

_PATTERN = frozenset("*?[")


def find_photos(places: Sequence[str]) -> Iterator[Path]:
    """Yield the photos at the given places, and those in or below the given folders.

    Args:
        places: files, which count as photos whatever their names end in; folders; patterns such as
            `photos/*.jpg` (`**` for any folders) of both; and `@LIST`, a file with one of these
            per line.

    Yields:
        each photo once, in the order of the places; within a folder, sorted.

    Raises:
        InputError: a place does not exist, or a folder has no photo in it.
    """
    found: set[str] = set()  # where links lead
    real_folder = lru_cache(os.path.realpath)
    for place in _expanded(places):
        for photo in _photos_at(place):
            real = os.path.join(real_folder(photo.parent), photo.name)
            if photo.is_symlink():
                real = os.path.realpath(photo)
            if real not in found:
                found.add(real)
                yield photo


def common_folder(places: Sequence[str]) -> Path:
    """Return the innermost folder that contains all of these files and folders.

    For a single folder it is that folder, for a pattern the folder before its first wildcard. The
    path is relative if all places are, without `..`.
    """
    folders = [_plain(_folder_of(place)) for place in _named(places)]
    relative = not any(folder.is_absolute() for folder in folders)
    common = os.path.commonpath([os.path.abspath(folder) for folder in folders])
    return Path(os.path.relpath(common)) if relative else Path(common)


def passed_over(places: Sequence[str], own: Iterable[Path] = ()) -> int:
    """Return how many files in or below the given folders `find_photos` leaves out.

    They are not photos, or are links to a photo that was already found. Hidden files do not count,
    nor do leftovers of Macs and notebooks.

    Args:
        places: see `find_photos`.
        own: files and folders that do not count either, because we wrote them.
    """
    ours = set(map(_absolute, own))
    # All other photos are recognised by their names.
    odd = [photo for photo in find_photos(places) if photo.is_symlink() or not is_photo(photo)]
    found, real = set(map(_absolute, odd)), {photo.resolve() for photo in odd}

    def is_passed(file: Path) -> bool:
        if file.is_symlink():
            return file not in found
        return not is_photo(file) and file.resolve() not in real

    folders = [place for place in _expanded(places) if place.is_dir()]
    below = (_absolute(file) for folder in folders for file in visible_files(folder))
    passed = {file for file in below if is_passed(file) and file.is_file()}
    return sum(not ours & {file, *file.parents} for file in passed)


def _absolute(file: Path) -> Path:
    return Path(os.path.abspath(file))


def states_of(
    named: Iterable[tuple[str, Path | S3Photo]], refused: list[Refusal]
) -> Iterator[State]:
    """Yield name, size and time of each photo.

    Those whose names no file can have, or which would be outside of the folder, are added to
    `refused`: a key in S3 may be any text, and labels are written under such names.
    """
    for name, photo in named:
        if fault := fault_of_path(name):
            shown = os.fsencode(name).decode(errors="backslashreplace")
            refused.append(Refusal(shown, f"its name {fault}"))
        elif isinstance(photo, S3Photo):
            yield name, photo.size, photo.modified
        else:
            state = photo.stat()
            yield name, state.st_size, state.st_mtime_ns


def named_photos(places: Sequence[str]) -> tuple[WaitingPhotos, list[Refusal], Path | str]:
    """Return the photos at these places, those whose names no file can have, and their folder.

    The folder is an address if the place is in S3.

    Raises:
        InputError: see `find_photos` and `find_in_s3`.
    """
    unnamed: list[Refusal] = []
    if not any(map(is_in_s3, places)):
        folder = common_folder(places)
        named = ((_name_below(folder, photo), photo) for photo in find_photos(places))
        return WaitingPhotos.of(folder, states_of(named, unnamed)), unnamed, folder
    if len(places) > 1:
        raise InputError(f"{places[0]}: photos in S3 are labelled on their own; name one prefix")
    address, found = places[0].rstrip("/"), find_in_s3(places[0])
    return WaitingPhotos.of(address, states_of(found.items(), unnamed)), unnamed, address


def up_to_date(done: pa.Table, photos: WaitingPhotos) -> tuple[pa.Table, int]:
    """Return the rows of `done` whose photos are unchanged, and how many have changed since.

    Photos that no longer exist are left out. Those in the folder that are not named this time stay.

    Args:
        done: of `LabelJob.done`.
        photos: the ones named this time.
    """
    states = photos.states
    if isinstance(photos.folder, Path):
        is_named = pc.is_in(done["file_name"], states["file_name"])
        others = done["file_name"].filter(pc.invert(is_named)).to_pylist()
        there = ((name, photos.folder / name) for name in others)
        beside = states_of(((name, file) for name, file in there if file.is_file()), [])
        states = pa.concat_tables([states, WaitingPhotos.of(photos.folder, beside).states])
    is_there = pc.is_in(done["file_name"], states["file_name"])
    kept = done.filter(unchanged(done, states))
    return kept, (pc.sum(is_there).as_py() or 0) - len(kept)


def _plain(folder: Path) -> Path:
    """Return a folder without `..`, which after a link leads elsewhere than its text says."""
    return folder.resolve() if ".." in folder.parts else folder


def _name_below(folder: Path, photo: Path) -> str:
    return Path(os.path.relpath(_plain(photo.parent) / photo.name, folder)).as_posix()


def _folder_of(place: str) -> Path:
    """Return the folder of a place; that of a pattern does not depend on what it matches today."""
    path = Path(place)
    if _is_pattern(place):
        return Path(*takewhile(lambda part: not _PATTERN & set(part), path.parts))
    return path if path.is_dir() else path.parent


def _is_pattern(place: str) -> bool:
    return bool(_PATTERN & set(place)) and not Path(place).exists()


def _named(places: Sequence[str]) -> Iterator[str]:
    """Yield the places, those in a list in its stead."""
    for place in places:
        if not place.strip():  # for a path it is the current folder
            raise InputError("a name is empty; name photos or folders with photos")
        if place.startswith("@") and not Path(place).exists():
            for line in _lines(Path(place[1:])):
                if line.startswith("@") and not Path(line).exists():
                    raise InputError(f"{place[1:]}: {line}: no such file; a list names no lists")
                yield line
        else:
            yield place


def _expanded(places: Sequence[str]) -> Iterator[Path]:
    for place in _named(places):
        if _is_pattern(place):
            named = map(Path, sorted(glob.glob(place, recursive=True)))
            matches = [one for one in named if one.is_file() or any(_photos_below(one))]
            if not matches:
                raise InputError(f"{place}: matches no photo; correct the pattern")
            yield from matches
        else:
            yield Path(place)


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}); give a list of photos") from None
    if not (named := [line.strip() for line in lines if line.strip()]):
        raise InputError(f"{file}: is empty; give a list of photos")
    return named


def _photos_at(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    if not place.is_dir():
        raise InputError(f"{place}: no such file or folder; name photos or folders with photos")
    if not any(_photos_below(place)):
        kinds = ", ".join(sorted(PHOTO_SUFFIXES))
        raise InputError(f"{place}: no photo in it; it needs files that end in one of {kinds}")
    yield from _photos_below(place)


def _photos_below(folder: Path) -> Iterator[Path]:
    return (file for file in visible_files(folder) if is_photo(file) and file.is_file())
