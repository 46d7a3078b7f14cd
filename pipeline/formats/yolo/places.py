"""Finds the label file of a photo."""

from pathlib import Path, PurePosixPath

from pipeline.formats.names import without_case
from pipeline.formats.yolo.lines import begins_with_object
from pipeline.photo_files import files_below


def text_of(photo: str) -> PurePosixPath:
    """Return the path of a photo's label file by the convention of Ultralytics."""
    path = PurePosixPath(photo).with_suffix(".txt")
    folders = list(path.parts[:-1])
    small = [folder.lower() for folder in folders]
    if "images" in small:
        last = len(folders) - 1 - small[::-1].index("images")
        folders[last] = "labels"
    return PurePosixPath(*folders, path.name)


def is_in_images(photo: str) -> bool:
    """Return whether a photo is below a folder `images`, in any case.

    >>> is_in_images("train/Images/day/a.jpg"), is_in_images("images.jpg")
    (True, False)
    """
    return "images" in photo.lower().split("/")[:-1]


class TextsOfSet:
    """The text files in a set; `files` are all of them, sorted."""

    def __init__(self, root: Path) -> None:
        """Scan the folder once."""
        self.files = files_below(root, {".txt"})
        self._exact = {file.relative_to(root).as_posix(): file for file in self.files}
        self._alike = {without_case(file.relative_to(root).as_posix()): file for file in self.files}

    def of(self, photo: str) -> Path | None:
        """Return the label file of a photo, given its path in the set; None if it has none.

        If none is at `text_of`, one next to the photo that begins with an object is taken, as some
        tools leave label files in `images`. If no name fits exactly, case and accents are ignored.
        """
        if text := self._at(text_of(photo)):
            return text
        beside = self._at(PurePosixPath(photo).with_suffix(".txt"))
        return beside if beside and begins_with_object(beside) else None

    def _at(self, path: PurePosixPath) -> Path | None:
        return self._exact.get(path.as_posix()) or self._alike.get(without_case(path.as_posix()))
