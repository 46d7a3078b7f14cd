"""What a format of labels is: how to recognise a set of it, to read it and to write it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.formats.labels import Labels


@dataclass(frozen=True)
class LabelledSet:
    """Where a set lies.

    Attributes:
        format: of its labels.
        root: the folder with everything of the set.
        labels: the file or folder that messages name.
        files: all files of labels, lists of splits and class names among them, sorted.
        photos: the folder below which the photos lie.
    """

    format: "LabelFormat"
    root: Path
    labels: Path
    files: tuple[Path, ...]
    photos: Path


@dataclass(frozen=True)
class LabelFormat:
    """A format of labels.

    Attributes:
        name: as `fetch.format` and `ladder label --format` have it.
        holds: what a folder of it holds, in words for a message.
        find: returns the set that a folder is, None if it is none of this format. It goes by names
            and the beginnings of files and is quick; subfolders count where they belong to the
            layout. The second argument is a file of labels in it that the user has named, which
            then is the only one to consider.
        read: returns the labels of a set.
        write: writes labels, sizes of images known, to a path that does not exist: a file or a
            folder, whichever the format has. Names of photos are kept as paths below the folder
            that is to hold the photos. They come in blocks, so that a million photos need not be
            in memory: at least one, with the same classes, with scores in all or in none, ids that
            go on; they are iterated over as often as the format asks. It returns what the
            format could not hold, one sentence each.
        fault: returns why a folder is not a set although a file in it has the format's ending, in
            words for a message; None if no file has.
        photos_go: returns what to do about a set without photos, in words for a message; empty if
            its layout does not say.
    """

    name: str
    holds: str
    find: Callable[[Path, Path | None], LabelledSet | None]
    read: Callable[[LabelledSet], Labels]
    write: Callable[[Iterable[Labels], Path], tuple[str, ...]]
    fault: Callable[[Path], str | None] = lambda _: None
    photos_go: Callable[[Path], str] = lambda _: ""
