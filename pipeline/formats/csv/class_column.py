"""Decides which of several columns of a CSV names the classes."""

import re
from collections.abc import Iterable, Sequence

from pipeline.formats.csv.columns import Columns, ends_like_photo
from pipeline.formats.split_names import split_of_name

_NEARLY = 0.9  # share of the photos; that many different names are those of photos, not of classes


def column_of_names(rows: Sequence[Sequence[str]], columns: Columns) -> int:
    """Return the first column that names classes in words; if none does, one of numbers.

    Columns of splits are excluded, and so are those with a different name for nearly every photo,
    unless the other columns have at least as many different names.
    """
    values = {at: {row[at] for row in rows} - {""} for at in columns.names}
    photos = len({row[columns.photo] for row in rows})
    fewest = min((len(names) for names in values.values() if names), default=0)
    sound = [
        at
        for at in columns.names
        if values[at]
        and not _are_splits(values[at])
        and (len(values[at]) < _NEARLY * photos or len(values[at]) == fewest)
    ] or list(columns.names)
    return next((at for at in sound if _are_words(values[at])), sound[0])


def note_of_choice(columns: Columns, taken: int) -> list[str]:
    """Return a note of which column names the classes, empty if no other could."""
    called = dict(zip(columns.names, columns.called, strict=True))
    others = [name for at, name in called.items() if at != taken]
    if not others:
        return []
    return [
        f"the class is that in column {called[taken]}, not in {' or '.join(others)}; a column "
        "class_name would come first"
    ]


def are_numbers(names: Iterable[str]) -> bool:
    """Return whether all names are whole numbers, perhaps with a point and zeros, as `1.0`."""
    return all(re.fullmatch(r"-?[0-9]+(\.0*)?", name) for name in names)


def _are_splits(names: set[str]) -> bool:
    return bool(names) and all(split_of_name(name) for name in names)


def _are_words(names: set[str]) -> bool:
    """Return whether names are neither all numbers nor those of photos."""
    return not are_numbers(names) and not any(map(ends_like_photo, names))
