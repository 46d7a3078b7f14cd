"""Int8 takes a quarter of the space and predicts nearly as float32 does."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.export.int8 import write_int8
from pipeline.inference.engines.openvino_engine import OpenVinoEngine
from tests.exported_files import (
    described,
    exported_file,
    needs_runtimes,
    program_of,
    some_pixels,
    torch_engine,
)


def test_without_photos_there_is_nothing_to_calibrate_on(tmp_path):
    none = np.zeros((0, 64, 64, 3), np.uint8)
    with pytest.raises(InputError, match="no photos of train to calibrate on"):
        write_int8(program_of("combined"), described("combined"), tmp_path / "a.xml", none)


@pytest.mark.slow
def test_it_is_smaller_and_nearly_the_same(tmp_path):
    needs_runtimes()
    pytest.importorskip("nncf", reason="nncf is installed by hand")
    path, pixels = tmp_path / "a.xml", some_pixels("combined", 8)
    write_int8(program_of("combined"), described("combined"), path, pixels)
    weights = exported_file("combined", "openvino").with_suffix(".bin").stat().st_size
    assert path.with_suffix(".bin").stat().st_size < 0.5 * weights
    engine = OpenVinoEngine(path)
    assert engine.spec.rung == "combined"
    for count in (1, 5):
        pixels = some_pixels("combined", count)
        found, expected = engine.run(pixels), torch_engine("combined").run(pixels)
        np.testing.assert_allclose(found["boxes"], expected["boxes"], atol=6)
