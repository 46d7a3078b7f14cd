"""Names the user's own files in messages, not their copies in data/source."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InputError
from pipeline.files import SOURCE
from pipeline.params import FetchParams


@contextmanager
def naming_originals(params: FetchParams) -> Iterator[None]:
    """Put the folder of the user's set for that of its copy in a message that leaves the block."""
    try:
        yield
    except InputError as error:
        if params.source != "local" or not params.path.exists():
            raise
        message = str(error)
        for source in params.sets:
            copy = SOURCE / source.path
            if copy.is_dir():
                original = str(_root_of(params.path / source.path, copy))
                whole = rf"{re.escape(str(copy))}(?![\w.-])"  # data/source/a, not data/source/ab
                message = original.join(re.split(whole, message))
        raise InputError(message) from None


def _root_of(folder: Path, copy: Path) -> Path:
    """Return where the set lies: in the folder or, as `find_set` looks, up to two levels below.

    Told by the names in the copy, so that a stage which reads no labels needs no reader of them.
    """
    names = [entry.name for entry in copy.iterdir()]
    for pattern in ("", "*/", "*/*/"):
        for place in sorted(folder.glob(pattern)) if pattern else [folder]:
            if all((place / name).exists() for name in names):
                return place
    return folder
