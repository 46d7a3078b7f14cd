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

    Labels often name photos by their place on the machine where they were made: an absolute path,
    or one that climbs, is no fault. Photos are looked up among those of the set and are never
    opened by such a name.
    """
    fault = fault_of_name(name)
    if fault or not isinstance(name, str):
        return fault
    last = {PurePosixPath(name).name, PureWindowsPath(name).name}
    if last & {"", ".."} or "\0" in name:
        return "names no file; give the name of a photo"
    return None
