"""Names of photos and classes: what is wrong with one, and the file that goes with a photo."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

from pipeline.errors import InputError

_CONTROL = frozenset(map(chr, [*range(32), 127]))


def plain_name(name: str) -> str:
    """Return the name of a class without spaces around it, its accents written in one way.

    Of the two ways in Unicode, which look the same, it is that in which people mostly type.
    """
    return unicodedata.normalize("NFC", name.strip())


def without_case(path: str) -> str:
    """Return a path for comparing: case and the two ways to write an accent make no difference."""
    return unicodedata.normalize("NFC", path).casefold()


def fault_of_name(name: object) -> str | None:
    """Return what is wrong with the name of a class, and the remedy; None if nothing is."""
    if not isinstance(name, str) or not name.strip():
        return "is not a name; give one"
    try:
        name.encode()
    except UnicodeEncodeError:  # JSON's escapes can spell half a character
        return "is not text in UTF-8; rename it"
    if any(letter in _CONTROL for letter in name.strip()):
        return "holds a control character, which XML and CSV cannot; rename it"
    return None


def fault_of_photo(name: object) -> str | None:
    """Return what is wrong with the name of a photo, and the remedy; None if nothing is.

    Labels often name photos by their place on the machine where they were made: an absolute path,
    or one that climbs, is no fault. The tables stage looks it up among the photos of the set; who
    opens a photo by its name asks `fault_of_path`.
    """
    fault = fault_of_name(name)
    if fault or not isinstance(name, str):
        return fault
    last = {PurePosixPath(name).name, PureWindowsPath(name).name}
    if last & {"", ".."}:
        return "names no file; give the name of a photo"
    return None


def fault_of_path(name: object) -> str | None:
    """Return what is wrong with the name of a photo, and the remedy; None if nothing is.

    A photo lies inside its folder: a path that is absolute, climbs or names no file on any system
    is refused.
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
    """Names for each photo its own file of labels, such as `cats/1.xml` with the suffix `.xml`."""

    def __init__(self, suffix: str):
        self._suffix = suffix
        self._owners: dict[str, str] = {}

    def of(self, photo: str) -> str:
        """Return the name of a photo's file of labels.

        Raises:
            InputError: the photo lies outside its folder, or would share the file with another.
        """
        if fault := fault_of_path(photo):
            raise InputError(f"photo {photo!r}: its name {fault}")
        name = PurePosixPath(photo).with_suffix(self._suffix).as_posix()
        if (owner := self._owners.setdefault(name, photo)) != photo:
            raise InputError(f"{photo}: would share {name} with {owner}; rename one of the photos")
        return name
