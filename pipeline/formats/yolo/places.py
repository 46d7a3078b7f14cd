"""Where the text of a photo lies."""

from pathlib import PurePosixPath


def text_of(photo: str) -> PurePosixPath:
    """Return where the text of a photo lies, as Ultralytics has it."""
    path = PurePosixPath(photo).with_suffix(".txt")
    folders = list(path.parts[:-1])
    small = [folder.lower() for folder in folders]
    if "images" in small:
        last = len(folders) - 1 - small[::-1].index("images")
        folders[last] = "labels"
    return PurePosixPath(*folders, path.name)
