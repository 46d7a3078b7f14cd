"""Reads the labels in a folder, in any format."""

from pathlib import Path

from pipeline.formats.labels import Labels
from pipeline.formats.layout import AUTO, find_set


def read_labels(folder: Path, format_name: str = AUTO, labels: str = "") -> Labels:
    """Return the labels of the set in a folder, with plain class names; see `plain_name`.

    The arguments are those of `find_set`.

    Raises:
        InputError: no labels or several, or labels that break a rule.
    """
    found = find_set(folder, format_name, labels)
    return found.format.read(found).with_plain_classes()
