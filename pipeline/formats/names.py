"""Checks the names of photos and classes, and names the label file of a photo."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

from pipeline.errors import InputError

_CONTROL = frozenset(map(chr, [*range(32), 127]))


def plain_name(name: str) -> str:
    """Return the name of a class stripped of spaces and normalised to composed accents.

    Unicode has two spellings of an accent that look the same; keyboards mostly type this one.
    """
    return unicodedata.normalize("NFC", name.strip())


def without_case(path: str) -> str:
    """Return a path in which case and the two spellings of an accent make no difference."""
    return unicodedata.normalize("NFC", path).casefold()


def fault_of_name(name: object) -> str | None:
    """Return what is wrong with the name of a class, with the remedy; None if nothing is."""
    if not isinstance(name, str) or not name.strip():
        return "is not a name; give one"
    try:
        name.encode()
    except UnicodeEncodeError:  # escapes in JSON can encode half a surrogate pair
        return "is not text in UTF-8; rename it"
    if any(letter in _CONTROL for letter in name.strip()):
        return "holds a control character, which XML and CSV cannot; rename it"
    return None


def fault_of_photo(name: object) -> str | None:
    """Return what is wrong with the name of a photo, with the remedy; None if nothing is.

    Labels often name photos by their paths on the machine where they were made, so an absolute path
    or one with `..` is allowed: the tables stage only looks it up among the photos of the set.
    Check `fault_of_path` before opening a photo by its name.
    """
    fault = fault_of_name(name)
    if fault or not isinstance(name, str):
        return fault
    last = {PurePosixPath(name).name, PureWindowsPath(name).name}
    if last & {"", ".."}:
        return "names no file; give the name of a photo"
    return None


def fault_of_path(name: object) -> str | None:
    """Return what is wrong with a name as a path inside a folder, with the remedy; None if nothing.

    Refused is a path that on any system is absolute, has `..` or names no file.
    """
    fault = fault_of_name(name)
    if fault or not isinstance(name, str):
        return fault
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    climbs = ".." in posix.parts or ".." in windows.parts
    if climbs or posix.is_absolute() or windows.anchor or not posix.name:
        return "leaves the folder; give a path inside it"
    return None


class LabelFileNames:
    """Gives each photo its own label file, such as `cats/1.xml` for the suffix `.xml`."""

    def __init__(self, suffix: str):
        self._suffix = suffix
        self._owners: dict[str, str] = {}

    def of(self, photo: str) -> str:
        """Return the name of a photo's label file.

        Raises:
            InputError: the photo lies outside its folder, or would share the file with another.
        """
        if fault := fault_of_path(photo):
            raise InputError(f"photo {photo!r}: its name {fault}")
        name = PurePosixPath(photo).with_suffix(self._suffix).as_posix()
        if (owner := self._owners.setdefault(name, photo)) != photo:
            raise InputError(f"{photo}: would share {name} with {owner}; rename one of the photos")
        return name
