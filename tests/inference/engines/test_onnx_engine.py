"""ONNX Runtime predicts as torch does, for batches of any size."""

import pytest

from pipeline.errors import InputError
from pipeline.export.parity import MAX_DIFFERENCE, raw_difference
from pipeline.inference.engines.onnx_engine import OnnxEngine
from tests.exported_files import (
    KINDS,
    exported_file,
    needs_runtimes,
    some_pixels,
    torch_engine,
)

needs_runtimes()


@pytest.mark.parametrize("rung", KINDS)
def test_outputs_are_those_of_torch(rung):
    engine, reference = OnnxEngine(exported_file(rung, "onnx")), torch_engine(rung)
    for count in (1, 5):
        pixels = some_pixels(rung, count)
        outputs, expected = engine.run(pixels), reference.run(pixels)
        assert all(len(value) == count for value in outputs.values())
        assert raw_difference(outputs, expected, engine.spec.image_size) < MAX_DIFFERENCE
    assert engine.spec.classes == reference.spec.classes


def test_what_is_no_onnx_file_of_ours_is_refused(tmp_path):
    import onnx

    whole = exported_file("ssd_fpn", "onnx").read_bytes()
    for content in (b"", b"not a graph", whole[: len(whole) // 2]):
        (tmp_path / "a.onnx").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.onnx: (not an ONNX|does not say|.*damaged)"):
            OnnxEngine(tmp_path / "a.onnx")
    (tmp_path / "a.onnx").write_bytes(
        whole.replace(b"sha256", b"sha25x").replace(b"detection_ladder", b"detection_ladde\xff")
    )
    with pytest.raises(InputError, match=r"a\.onnx: not an ONNX file .*; export it again"):
        OnnxEngine(tmp_path / "a.onnx")
    model = onnx.load_from_string(whole)
    del model.metadata_props[:]  # and with them its digest
    onnx.save(model, tmp_path / "b.onnx")
    with pytest.raises(InputError, match=r"b\.onnx: does not say which rung it is"):
        OnnxEngine(tmp_path / "b.onnx")
    with pytest.raises(InputError, match="suppression is inside"):
        OnnxEngine(exported_file("ssd_fpn", "onnx-nms"))
