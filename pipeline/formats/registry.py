"""All label formats."""

from pipeline.formats.csv.reader import CSV
from pipeline.formats.cvat.reader import CVAT
from pipeline.formats.label_format import LabelFormat
from pipeline.formats.label_studio.reader import LABEL_STUDIO
from pipeline.formats.labelme.reader import LABELME
from pipeline.formats.pascal.reader import PASCAL
from pipeline.formats.voc.reader import VOC
from pipeline.formats.yolo.reader import YOLO

FORMATS: tuple[LabelFormat, ...] = (PASCAL, VOC, CVAT, YOLO, LABELME, CSV, LABEL_STUDIO)


def find_format(name: str) -> LabelFormat:
    """Return the format with this name."""
    return next(one for one in FORMATS if one.name == name)
