"""Int8 takes a quarter of the space and predicts nearly as float32 does."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pyarrow.compute as pc
import pytest

from pipeline.data.inputs import read_inputs
from pipeline.errors import InputError
from pipeline.export.int8 import check_can_calibrate, write_int8
from pipeline.inference.engines.openvino_engine import OpenVinoEngine
from pipeline.tasks import Task
from tests.exported_files import (
    described,
    exported_file,
    needs_runtimes,
    program_of,
    some_pixels,
    torch_engine,
)


def test_without_photos_there_is_nothing_to_calibrate_on(painted_project):
    with pytest.raises(InputError, match="needs photos of train and val; run `make repro`"):
        check_can_calibrate(None)
    inputs = read_inputs(Task.LOCATE)
    nobody = replace(inputs, images=inputs.images.filter(pc.field("split") != "train"))
    with pytest.raises(InputError, match="no photos of train to calibrate on"):
        check_can_calibrate(nobody)


@pytest.mark.skipif(find_spec("nncf") is not None, reason="nncf is installed")
def test_the_package_is_named_before_anything_is_traced(painted_project):
    with pytest.raises(InputError, match="needs the package nncf; install it: pip install nncf"):
        check_can_calibrate(read_inputs(Task.LOCATE))


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
