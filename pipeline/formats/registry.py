"""All formats of labels."""

from pipeline.formats.cvat import CVAT
from pipeline.formats.label_format import LabelFormat
from pipeline.formats.pascal import PASCAL
from pipeline.formats.voc import VOC

FORMATS: tuple[LabelFormat, ...] = (PASCAL, VOC, CVAT)


def find_format(name: str) -> LabelFormat:
    """Return the format of this name."""
    return next(one for one in FORMATS if one.name == name)
