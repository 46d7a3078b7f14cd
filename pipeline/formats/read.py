"""Reads the labels of a folder in whichever format they are."""

from pathlib import Path

from pipeline.formats.labels import Labels
from pipeline.formats.layout import AUTO, find_set


def read_labels(folder: Path, format_name: str = AUTO, labels: str = "") -> Labels:
    """Return the labels of the set in a folder; the arguments are those of `find_set`.

    Whatever the format, classes have no spaces around their names, and one way to write accents.

    Raises:
        InputError: no labels or several, or labels that break a rule.
    """
    found = find_set(folder, format_name, labels)
    return found.format.read(found).with_plain_classes()
