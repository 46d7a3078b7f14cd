"""What makes a label format: how to recognise, read and write a set in it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.formats.labels import Labels


@dataclass(frozen=True)
class LabelledSet:
    """The place of a labelled set.

    Attributes:
        format: of its labels.
        root: the folder with everything of the set.
        labels: the file or folder that messages name.
        files: all files with labels, including lists of splits and of class names, sorted.
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
        find: returns the set in a folder, None if it has none of this format. It looks only at
            names and the first bytes of files, so it is quick; it enters subfolders that belong to
            the layout. The second argument is a file of labels in the folder that the user has
            named; then it is the only one to consider.
        read: returns the labels of a set.
        write: writes labels whose image sizes are known to a path that does not exist yet: a file
            or a folder, depending on the format. Names of photos are kept as paths below the folder
            that will hold the photos. Labels come in blocks, so that a million photos need not be
            in memory: at least one block, all with the same classes, with scores in all or in none,
            and consecutive ids. The blocks may be iterated over several times. It returns what the
            format could not express, one sentence each.
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
