"""`Detector.load` works the same for a folder and for a file."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import InputError
from pipeline.export.onnx_file import save_onnx
from pipeline.inference.detector import Detector
from pipeline.inference.engines.load import load_engine
from pipeline.inference.engines.torch_engine import TorchEngine
from tests.exported_files import described, exported_file, in_onnx, needs_runtimes
from tests.inference.making import EVERYTHING, pixels_of, saved, spec_of

pytestmark = pytest.mark.filterwarnings("ignore:The image decoding:DeprecationWarning")


@pytest.fixture
def photos(tmp_path):
    """Return real JPEGs, two of which are broken."""
    paths = []
    for seed, size in enumerate([(60, 40), (31, 90), (64, 64)]):
        paths.append(tmp_path / f"{seed}.jpg")
        Image.fromarray(pixels_of(*size, seed)).save(paths[-1], quality=90)
    (tmp_path / "cut.jpg").write_bytes(paths[0].read_bytes()[:200])
    (tmp_path / "empty.jpg").touch()
    return [paths[0], tmp_path / "cut.jpg", *paths[1:], tmp_path / "empty.jpg"]


@pytest.mark.parametrize("form", ["onnx", "openvino", "torch"])
@pytest.mark.parametrize("rung", ["ssd_fpn", "combined"])
def test_a_file_answers_as_its_folder_does(form, rung, photos, tmp_path):
    needs_runtimes()
    options = {"device": "cpu", "decoding": EVERYTHING, "batch_size": 2}
    folder = Detector.load(saved(tmp_path / rung, rung), **options)
    file = Detector.load(str(exported_file(rung, form)), **options)
    assert file.classes == folder.classes and file.device.type == "cpu"
    pairs = list(zip(file.stream_all(photos), folder.stream_all(photos), strict=True))
    assert sum(isinstance(one, InputError) for one, _ in pairs) == 2
    for one, other in pairs:
        if isinstance(other, InputError):
            assert str(one) == str(other)
            continue
        assert one.size_wh == other.size_wh and len(one) == len(other) > 0
        np.testing.assert_array_equal(one.labels, other.labels)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.01)


def test_what_does_not_load_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a\.onnx: no such file; make it with `ladder export`"):
        load_engine(tmp_path / "a.onnx", "auto")
    (tmp_path / "a.xml").touch()
    with pytest.raises(InputError, match=r"a\.xml: runs on the CPU only; on cuda use"):
        load_engine(tmp_path / "a.xml", "cuda")
    with pytest.raises(InputError, match="no model there; train it first"):
        load_engine(tmp_path / "absent", "cpu")


def test_a_folder_may_be_called_as_a_file_is(tmp_path):
    folder = saved(tmp_path / "v1.onnx", "bbox")
    assert isinstance(load_engine(folder, "cpu"), TorchEngine)


def test_a_file_of_another_network_than_it_says_is_refused(tmp_path):
    needs_runtimes()
    file = tmp_path / "a.onnx"

    def says(**changed) -> None:
        spec = replace(spec_of("combined"), **changed)
        save_onnx(in_onnx("combined"), replace(described("combined"), spec=spec), file)

    says(rung="bbox", task=spec_of("bbox").task)
    assert load_engine(file, "cpu").spec.rung == "bbox"  # it has a box, too
    for changed in ({"rung": "ssd_fpn"}, {"image_size": 96}, {"classes": ["cat"]}):
        says(**changed)
        with pytest.raises(InputError, match=r"a\.onnx: not a .*; export it again$"):
            load_engine(file, "cpu")
