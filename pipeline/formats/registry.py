"""All formats of labels."""

from pipeline.formats.csv import CSV
from pipeline.formats.cvat import CVAT
from pipeline.formats.label_format import LabelFormat
from pipeline.formats.label_studio import LABEL_STUDIO
from pipeline.formats.labelme import LABELME
from pipeline.formats.pascal import PASCAL
from pipeline.formats.voc import VOC
from pipeline.formats.yolo import YOLO

FORMATS: tuple[LabelFormat, ...] = (PASCAL, VOC, CVAT, YOLO, LABELME, CSV, LABEL_STUDIO)


def find_format(name: str) -> LabelFormat:
    """Return the format of this name."""
    return next(one for one in FORMATS if one.name == name)
