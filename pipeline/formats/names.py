"""What is wrong with a name that a label file gives, in words for a message."""

from pathlib import PurePosixPath, PureWindowsPath


def fault_of_name(name: object) -> str | None:
    """Return what is wrong with the name of a class, and the remedy; None if nothing is."""
    if not isinstance(name, str) or not name.strip():
        return "is no name; give one"
    try:
        name.encode()
    except UnicodeEncodeError:  # JSON's escapes can spell half a character
        return "is not text in UTF-8; rename it"
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
    if climbs or posix.is_absolute() or windows.anchor or not posix.name or "\0" in name:
        return "leaves the folder; give a path inside it"
    return None
