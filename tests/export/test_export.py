"""An export is checked, and leaves a file only if the check passes."""

import pytest
import torch

from pipeline.errors import InputError
from pipeline.export.export import Exporter
from pipeline.export.formats import EXPORT_FORMATS
from pipeline.inference.engines.load import load_engine
from tests.exported_files import described, needs_runtimes, program_of, translated_before
from tests.inference.making import model_of


def exporter(rung: str) -> Exporter:
    return Exporter(model_of(rung), program_of(rung), described(rung), None, max_fall=0.01)


def files(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("onnx", ["combined.onnx"]),
        ("openvino", ["combined.bin", "combined.xml"]),
        ("torch", ["combined.pt2"]),
    ],
)
def test_a_file_is_written_and_checked(form, names, tmp_path):
    if form != "torch":
        needs_runtimes()
    path = tmp_path / "new" / f"combined{EXPORT_FORMATS[form].ending}"
    with translated_before("combined"):
        [said] = exporter("combined").export(form, path)
    assert said.startswith("raw outputs differ by ")
    assert said.endswith(", same boxes in 16 of 16 photos, on random pixels")
    assert files(path.parent) == names
    assert load_engine(path, "cpu").spec.rung == "combined"


def test_detections_inside_are_checked_too(tmp_path):
    needs_runtimes()
    with translated_before("combined"):
        said = exporter("combined").export("onnx-nms", tmp_path / "a.onnx")
    assert said == ["same boxes in 16 of 16 photos, on random pixels"]


def test_a_failed_check_leaves_what_was_there(tmp_path):
    model = model_of("combined")
    with torch.no_grad():
        model.get_parameter("head.cls.vote.bias").add_(torch.arange(4))
    spoiled = Exporter(model, program_of("combined"), described("combined"), None, max_fall=0.01)
    (tmp_path / "a.pt2").write_text("of before")
    with pytest.raises(InputError, match=r"differs from torch: raw outputs differ"):
        spoiled.export("torch", tmp_path / "a.pt2")
    assert files(tmp_path) == ["a.pt2"] and (tmp_path / "a.pt2").read_text() == "of before"


def test_int8_needs_photos(tmp_path):
    with pytest.raises(InputError, match="openvino-int8: needs photos of train and val"):
        exporter("combined").export("openvino-int8", tmp_path / "a.xml")
    assert files(tmp_path) == []
