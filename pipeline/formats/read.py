"""Reads the labels of a folder in whichever format they are."""

from pathlib import Path

from pipeline.formats.labels import Labels
from pipeline.formats.layout import find_set
from pipeline.formats.pascal import read_pascal
from pipeline.formats.voc import read_voc


def read_labels(folder: Path) -> Labels:
    """Return the labels of the set in a folder.

    Raises:
        InputError: no labels or several, or labels that break a rule.
    """
    found = find_set(folder)
    if found.labels.is_dir():
        return read_voc(found.root)
    return read_pascal(found.labels, found.root)
