"""OpenVINO predicts as torch does, for batches of any size."""

import shutil

import pytest

from pipeline.errors import InputError
from pipeline.export.parity import MAX_DIFFERENCE, raw_difference
from pipeline.inference.engines.openvino_engine import OpenVinoEngine
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
    engine, reference = OpenVinoEngine(exported_file(rung, "openvino")), torch_engine(rung)
    for count in (1, 5):
        pixels = some_pixels(rung, count)
        outputs, expected = engine.run(pixels), reference.run(pixels)
        assert all(len(value) == count for value in outputs.values())
        assert raw_difference(outputs, expected, engine.spec.image_size) < MAX_DIFFERENCE


def test_outputs_outlive_the_next_batch():
    engine = OpenVinoEngine(exported_file("combined", "openvino"))
    first = engine.run(some_pixels("combined", 2))
    kept = {name: value.clone() for name, value in first.items()}
    engine.run(some_pixels("combined", 1))
    engine.run(255 - some_pixels("combined", 2))
    assert all((first[name] == kept[name]).all() for name in kept)


def test_damaged_files_are_refused(tmp_path):
    graph = shutil.copy(exported_file("ssd_fpn", "openvino"), tmp_path / "a.xml")
    with pytest.raises(InputError, match=r"a\.xml: no a\.bin with its weights beside it"):
        OpenVinoEngine(graph)
    weights = exported_file("ssd_fpn", "openvino").with_suffix(".bin").read_bytes()
    (tmp_path / "a.bin").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(InputError, match=r"a\.xml: a\.xml and a\.bin damaged, "):
        OpenVinoEngine(graph)
    (tmp_path / "a.bin").write_bytes(weights)
    text = graph.read_text()
    graph.write_text(text[: len(text) // 2])
    with pytest.raises(InputError, match=r"a\.xml: not an OpenVINO model"):
        OpenVinoEngine(graph)
    graph.write_bytes(text.replace("sha256", "other").encode().replace(b"ssd_fpn", b"ssd_fp\xff"))
    with pytest.raises(InputError, match=r"a\.xml: not an OpenVINO model"):
        OpenVinoEngine(graph)
    graph.write_text(text.replace("detection_ladder", "somebody_else").replace("sha256", "other"))
    with pytest.raises(InputError, match=r"a\.xml: does not say which rung it is"):
        OpenVinoEngine(graph)
