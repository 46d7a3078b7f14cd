"""Each format has its ending, by which `Detector.load` recognises it."""

from pathlib import Path

import pytest

from commands.export import _parse
from pipeline.errors import InputError
from pipeline.export.formats import EXPORT_FORMATS, check_suffix, export_path


def test_endings():
    assert [str(export_path(Path("exports"), "bbox", form)) for form in EXPORT_FORMATS] == [
        "exports/bbox.onnx",
        "exports/bbox-nms.onnx",
        "exports/bbox.xml",
        "exports/bbox-int8.xml",
        "exports/bbox.pt2",
    ]
    for form in EXPORT_FORMATS:
        check_suffix(export_path(Path("exports"), "bbox", form), form)
        assert _parse(["bbox", "--format", form]).format == form


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"--out a\.pt: .*openvino must end in \.xml"):
        check_suffix(Path("a.pt"), "openvino")
    (tmp_path / "a.onnx").mkdir()
    with pytest.raises(InputError, match="is a folder; name the file"):
        check_suffix(tmp_path / "a.onnx", "onnx")
