"""Each format has its ending, by which `Detector.load` recognises it."""

from pathlib import Path

import pytest

from commands.export import _parse
from pipeline.errors import InputError
from pipeline.export.formats import EXPORT_FORMATS, check_out, check_suffix, export_path


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


@pytest.mark.parametrize("file", ["labels.xml", "labels.bin"])
def test_what_openvino_has_not_written_is_not_replaced(tmp_path, file):
    check_out(tmp_path / "labels.xml")
    (tmp_path / file).write_text("<annotations>\n</annotations>\n")
    with pytest.raises(InputError, match=rf"{file}: is not a network of OpenVINO; name another"):
        check_out(tmp_path / "labels.xml")


def test_a_network_may_be_exported_again(tmp_path):
    (tmp_path / "a.xml").write_text('<?xml version="1.0"?>\n<net name="bbox" version="11">\n')
    (tmp_path / "a.bin").write_bytes(b"weights")
    check_out(tmp_path / "a.xml")
